"""What the workflow is. Nothing here imports a task."""

import json
import re
from pathlib import Path
from typing import Any

# begin
ID = "id"
NAME = "wt-id-workflow"
TITLE = "title"
VERSION = "0.0.0"
SPEC_SHA256 = ""
ENV: list[str] = []
TASKS: list[dict[str, Any]] = []
# end

_HERE = Path(__file__).parent


def load_params_schema() -> dict[str, Any]:
    """Give the JSON Schema of the parameters, by instance."""
    return _load("params.json")


def load_rjsf_schema() -> dict[str, Any]:
    """Give the JSON Schema of the form, in groups, with its uiSchema."""
    return _load("rjsf.json")


def _load(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((_HERE / name).read_text("utf-8"))
    return value


def graph() -> str:
    """Give the picture of the graph, as SVG."""
    return (_HERE / "graph.svg").read_text("utf-8")


def describe() -> dict[str, Any]:
    """Give all that is known of the workflow without running it, ready to be JSON."""
    return {
        "id": ID,
        "name": NAME,
        "title": TITLE,
        "version": VERSION,
        "spec_sha256": SPEC_SHA256,
        "env": ENV,
        "tasks": TASKS,
    }


def get_data_connection_property_names() -> dict[str, list[str]]:
    """Say which instances take which connection: those that refer to a definition of that name."""
    params = load_params_schema()
    names: dict[str, list[str]] = {}
    for instance, schema in params.get("properties", {}).items():
        if isinstance(schema, dict):
            for kind in sorted(
                _connections(schema.get("properties"), params.get("$defs", {}), set())
            ):
                names.setdefault(kind, []).append(instance)
    return names


def _connections(node: Any, defs: dict[str, Any], seen: set[str]) -> set[str]:
    if isinstance(node, list):
        return {k for item in node for k in _connections(item, defs, seen)}
    if not isinstance(node, dict):
        return set()
    found = set()
    ref = node.get("$ref")
    if isinstance(ref, str) and ref.startswith("#/$defs/"):
        name = ref.removeprefix("#/$defs/")
        kind = re.sub(r"__\d+$", "", name)  # the second definition of a name is NAME__2
        if kind.endswith("Connection") and kind != "Connection":
            found.add(kind.removesuffix("Connection"))
        elif name not in seen:
            seen.add(name)
            found |= _connections(defs.get(name), defs, seen)
    for value in node.values():
        found |= _connections(value, defs, seen)
    return found


def formdata_to_params(formdata: Any) -> dict[str, Any]:
    """Turn what a form gives into parameters; a wt_contracts.ValidationError says what is wrong with it."""
    from wt_contracts import formdata_to_params

    return formdata_to_params(formdata, load_rjsf_schema(), load_params_schema())


def params_to_formdata(params: Any) -> dict[str, Any]:
    """Turn parameters into what the form shows; a wt_contracts.ValidationError says what is wrong with them."""
    from wt_contracts import params_to_formdata

    return params_to_formdata(params, load_rjsf_schema(), load_params_schema())
