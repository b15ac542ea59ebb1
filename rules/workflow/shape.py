"""Says which values a task takes and gives, as JSON Schemas of what they are in Python, from pydantic's own core schemas.

A JSON Schema of pydantic's says what is in a file: a datetime is a string there. Wiring one task to another passes the values themselves, and a
validator that runs before the type's own may take anything. So whatever is not plainly known here is {}, which allows all.
"""
SCALARS = {"none": "null", "bool": "boolean", "int": "integer", "float": "number", "str": "string"}
LISTS = {"list", "set", "frozenset"}
TIMES = {"date", "time", "datetime", "timedelta"}
TEXTS = {"url", "multi-host-url", "uuid", "bytes"}
BASES = (str, bytes, int, float, bool, list, tuple, dict, set, frozenset, type(None))


class Shape:
    """Turns core schemas into JSON Schemas: of what is taken, or of what is given."""

    def __init__(self, given):
        self.given = given
        self.defs = {}
        self.open = []  # the definitions that lie around this one

    def of(self, s):
        kind = s["type"]
        if kind in SCALARS:
            return self.scalar(s, SCALARS[kind])
        if kind in LISTS:
            return self.array(s.get("items_schema"), s)
        handler = getattr(self, "on_" + kind.replace("-", "_"), None)
        if handler:
            return handler(s)
        if not self.given and kind in TIMES:
            return {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "python." + kind}]}
        if not self.given and kind in TEXTS:
            return {"anyOf": [{"type": "string"}, {"type": "python." + kind}]}
        return {}

    def scalar(self, s, kind):
        out = {"type": kind}
        if not self.given:
            for have, name in (("ge", "minimum"), ("le", "maximum"), ("gt", "exclusiveMinimum"), ("lt", "exclusiveMaximum"), ("min_length", "minLength"), ("max_length", "maxLength")):
                if isinstance(s.get(have), (int, float)):
                    out[name] = s[have]
            if s.get("strip_whitespace"):
                out.pop("minLength", None), out.pop("maxLength", None)
        return out

    def array(self, items, s):
        inner = self.of(items) if items else {}
        out = {"type": "array"}
        if inner:
            out["items"] = inner
        if not self.given and s["type"] in ("list", "tuple"):
            for have, name in (("min_length", "minItems"), ("max_length", "maxItems")):
                if isinstance(s.get(have), int):
                    out[name] = s[have]
        return out

    def any_of(self, parts):
        parts = [p for n, p in enumerate(parts) if p not in parts[:n]]
        if {} in parts:
            return {}
        return parts[0] if len(parts) == 1 else {"anyOf": parts}

    def on_tuple(self, s):
        items, rest = list(s["items_schema"]), s.get("variadic_item_index")
        if rest is not None and self.given:
            return {}  # map takes a tuple apart, and a list not
        if rest is not None:
            return self.array(items[0], s) if len(items) == 1 else {"type": "array"}
        return {"type": "array", "prefixItems": [self.of(i) for i in items], "minItems": len(items), "maxItems": len(items)}

    def on_dict(self, s):
        out = {"type": "object"}
        inner = self.of(s["values_schema"]) if "values_schema" in s else {}
        if inner:
            out["additionalProperties"] = inner
        return out

    def on_nullable(self, s):
        return self.any_of([self.of(s["schema"]), {"type": "null"}])

    def on_union(self, s):
        return self.any_of([self.of(c[0] if isinstance(c, tuple) else c) for c in s["choices"]])

    def on_tagged_union(self, s):
        return self.any_of([self.of(c) for c in s["choices"].values() if isinstance(c, dict)]) if all(isinstance(c, dict) for c in s["choices"].values()) else {}

    def on_default(self, s):
        return self.of(s["schema"])

    def on_definitions(self, s):
        self.defs.update({d["ref"]: d for d in s["definitions"]})
        return self.of(s["schema"])

    def on_definition_ref(self, s):
        ref = s["schema_ref"]
        if ref in self.open or ref not in self.defs:
            return {}
        self.open.append(ref)
        out = self.of(self.defs[ref])
        self.open.pop()
        return out

    def on_literal(self, s):
        values = s["expected"]
        if all(v is None or isinstance(v, (str, int, bool)) and type(v) in (str, int, bool) for v in values):
            return {"enum": list(values)}
        return {}

    def on_enum(self, s):
        values = [m.value for m in s["members"]]
        if self.given or s.get("missing") or not all(type(v) in (str, int) for v in values):
            return {}
        return {"anyOf": [{"enum": values}, {"type": "python.enum"}]}

    def on_is_instance(self, s):
        cls = s["cls"]
        if not isinstance(cls, type) or any(issubclass(cls, b) or issubclass(b, cls) for b in BASES):
            return {}
        return {"type": name_of(cls)}

    def on_json_or_python(self, s):
        if s["json_schema"]["type"] in LISTS:  # Sequence and its like; one of anything may be a text
            if self.given or s["python_schema"]["type"] != "chain":
                return {}
            return self.array(s["json_schema"].get("items_schema"), s)
        return self.of(s["python_schema"])

    def on_lax_or_strict(self, s):
        return self.of(s["lax_schema"])

    def on_function_after(self, s):
        return {} if self.given else self.of(s["schema"])

    def on_model(self, s):
        if s.get("root_model") or s.get("custom_init"):
            return {}
        return self.named(s["cls"], self.fields(s["schema"]))

    def on_dataclass(self, s):
        return self.named(s["cls"], {"type": "object"} if s["schema"]["type"] == "dataclass-args" else {})

    def named(self, cls, out):
        """Gives a class's name to what is known of it, for people."""
        return {**out, "title": cls.__name__} if out else {}

    def on_typed_dict(self, s):
        return self.fields({"type": "model-fields", "fields": s["fields"], "total": s.get("total", True)})

    def fields(self, s):
        """A model: what it must have, where nothing goes by another name."""
        if s["type"] != "model-fields":
            return {}
        out = {"type": "object"}
        if self.given or any("validation_alias" in f for f in s["fields"].values()):
            return out
        properties = {n: self.of(f["schema"]) for n, f in s["fields"].items()}
        out["properties"] = {n: p for n, p in properties.items() if p}
        out["required"] = [n for n, f in s["fields"].items() if f["type"] == "model-field" and f["schema"]["type"] != "default" or f["type"] == "typed-dict-field" and f.get("required", s.get("total", True))]
        return out


def name_of(cls):
    """Names a type of Python where JSON has none."""
    return cls.__module__ + "." + cls.__qualname__


def shapes(core):
    """Gives what each argument takes, by name, and what the function gives; {} for what nothing is known of."""
    takes, gives = Shape(False), Shape(True)
    if core["type"] == "definitions":
        for shape in (takes, gives):
            shape.defs = {d["ref"]: d for d in core["definitions"]}
        core = core["schema"]
    if core["type"] != "call":
        return {}, {}
    arguments = core["arguments_schema"]
    if arguments["type"] != "arguments":
        return {}, {}
    accepted = {a["name"]: takes.of(a["schema"]) for a in arguments["arguments_schema"]}
    returned = gives.of(core["return_schema"]) if core.get("return_schema") else {}
    return accepted, returned
