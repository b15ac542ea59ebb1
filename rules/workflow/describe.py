"""Says what a task is: its arguments as JSON Schema, what it takes and gives, and what is wrong with it."""
import inspect
import json
import os
import sys
import typing


class Wrong(Exception):
    """Says what is wrong with a task."""


def wrong(f):
    """What is wrong with a task's function; None for nothing."""
    if inspect.isclass(f.function):
        return "classes are not supported; register a function"
    if inspect.iscoroutinefunction(f.function):
        return "async functions are not supported"
    if "." in f.name:
        return "it is not at the top of its module, so nothing can import it"
    try:
        signature = inspect.signature(f.function)
    except (ValueError, TypeError) as e:
        return "its signature cannot be read: %s" % e
    if f.generation == "c":
        untyped = [n for n, p in signature.parameters.items() if p.annotation is p.empty]
        if untyped:
            return "it has untyped parameters: " + ", ".join(untyped)
        if signature.return_annotation is signature.empty:
            return "its return type is not annotated"
    return None


def generator(name_of):
    """The class that makes schemas: wt-registry's own, or one that does what it does, with a placeholder where JSON has no form of a type."""
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo
    from pydantic.json_schema import GenerateJsonSchema
    from pydantic_core import PydanticUndefined

    class Surfaced(GenerateJsonSchema):
        def generate(self, schema, mode="validation"):
            out = super().generate(schema, mode=mode)
            function = schema.get("schema", schema).get("function")
            properties = out.get("properties", {})
            for name, p in (inspect.signature(function).parameters if function else {}).items():
                field = next((a for a in typing.get_args(p.annotation) if isinstance(a, FieldInfo)), None)
                if field is None or name not in properties:
                    continue
                here = properties[name]
                if field.default is not PydanticUndefined:
                    here["default"] = field.default.model_dump() if isinstance(field.default, BaseModel) else field.default
                for key in ("description", "title"):
                    if getattr(field, key) is not None:
                        here[key] = getattr(field, key)
                if isinstance(field.json_schema_extra, dict):
                    here.update(field.json_schema_extra)
                elif callable(field.json_schema_extra):
                    field.json_schema_extra(here)
                if field.exclude:
                    del properties[name]
            return out

    base = Surfaced
    try:
        from wt_registry.jsonschema import SurfacesDescriptionSchema as base
    except ImportError:
        pass

    class Schema(base):
        def handle_invalid_for_json_schema(self, schema, error_info):
            cls = schema.get("cls")
            return {"type": name_of(cls) if isinstance(cls, type) else "python." + schema["type"]}

        def emit_warning(self, kind, detail):
            pass

    return Schema


def describe(f, make, shapes):
    """A task as JSON."""
    from pydantic import TypeAdapter
    adapter = TypeAdapter(f.function, config={"arbitrary_types_allowed": True})
    try:
        core = TypeAdapter(f.function, config={"arbitrary_types_allowed": True, "validate_return": True}).core_schema
    except Exception:  # the run says so where it comes to that
        core = adapter.core_schema
    schema = adapter.json_schema(schema_generator=make, mode="serialization" if f.generation == "c" else "validation")
    accepts, returns = shapes(core)
    return {
        "metadata": f.metadata,
        "module_path": f.module,
        "public_module_path": f.public,
        "function_name": f.name,
        "import_statement": "from %s import %s as %s" % (f.public, f.name, f.name),
        "json_schema": plain(schema),
        "accepts": plain(accepts),
        "returns": plain(returns) or None,
        "mock": mock(f),
        "object": f.object,
        "adapter": f.generation == "a" and not f.object,
        "rest": any(p.kind is p.VAR_KEYWORD for p in inspect.signature(f.function).parameters.values()),
    }


def plain(v):
    """JSON's own types of a value."""
    from pydantic_core import to_jsonable_python
    v = to_jsonable_python(v)
    try:
        json.dumps(v, allow_nan=False)
    except ValueError:
        v = json.loads(json.dumps(v), parse_constant=lambda _: None)
    return v


def mock(f):
    """The extension of the example that lies beside the public module, "" for none."""
    at = getattr(sys.modules.get(f.public), "__file__", None)
    if not at:
        return ""
    stem = f.name.replace("_", "-") + ".example-return."
    try:
        found = sorted(n[len(stem):] for n in os.listdir(os.path.dirname(at)) if n.startswith(stem))
    except OSError:
        return ""
    if len(found) > 1:
        raise Wrong("several files are examples of what it returns: " + ", ".join(stem + e for e in found))
    return found[0] if found else ""
