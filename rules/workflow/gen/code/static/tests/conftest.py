"""What the tests of the workflow share. The cases lie in test-cases.yaml, beside the package's folder or where --test-cases says."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent.parent
MODULE = HERE.name.replace("-", "_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--case", action="append", default=[], help="a case of test-cases.yaml"
    )
    parser.addoption("--test-cases", help="the file in which the cases are")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = _cases(metafunc.config)
        names = metafunc.config.getoption("case") or list(cases)
        unknown = [n for n in names if n not in cases]
        if unknown:
            raise pytest.UsageError(f"no such case: {', '.join(unknown)}")
        metafunc.parametrize("case", [cases[n] for n in names], ids=names)


def _cases(config: pytest.Config) -> dict[str, Any]:
    named = config.getoption("test_cases")
    path = Path(named) if named else HERE.parent / "test-cases.yaml"
    if not path.exists():
        return {}
    try:
        load: Any = importlib.import_module("ruamel.yaml").YAML(typ="safe").load
    except ImportError:
        load = importlib.import_module("yaml").safe_load
    # As JSON has it: dates are text.
    cases: dict[str, Any] = json.loads(
        json.dumps(load(path.read_text("utf-8")), default=str)
    )
    return cases


@pytest.fixture(scope="session")
def module() -> str:
    return MODULE
