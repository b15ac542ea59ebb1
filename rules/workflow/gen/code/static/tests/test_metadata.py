"""The schemas of the package agree with each other."""

import importlib
import json
from typing import Any

import jsonschema


def test_schemas(module: str) -> None:
    metadata: Any = importlib.import_module(f"{module}.metadata")
    for schema in (metadata.load_params_schema(), metadata.load_rjsf_schema()):
        jsonschema.Draft202012Validator.check_schema(schema)
    known = {t["id"] for t in metadata.TASKS}
    assert set(metadata.load_params_schema().get("properties", {})) <= known
    json.dumps(metadata.describe())
    assert metadata.graph().startswith(("<svg", "<!--", "<?xml"))


def test_round_trip(module: str, case: dict[str, Any]) -> None:
    metadata: Any = importlib.import_module(f"{module}.metadata")
    if not case.get("raises"):
        formdata = metadata.params_to_formdata(case["params"])
        assert metadata.formdata_to_params(formdata) == case["params"]
