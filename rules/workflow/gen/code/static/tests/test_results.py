"""Each case of test-cases.yaml, run as its users run it, with mocked input and output."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("mode", ["sequential", "parallel"])
def test_cli(module: str, case: dict[str, Any], mode: str, tmp_path: Path) -> None:
    p = subprocess.run(
        [
            sys.executable,
            "-m",
            module,
            "run",
            "--config-json",
            "-",
            "--mock-io",
            "--execution-mode",
            mode,
        ],
        input=json.dumps(case["params"]),
        env={**os.environ, "WT_RESULTS": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    outcome = json.loads((tmp_path / "result.json").read_text("utf-8"))
    if case.get("raises"):
        assert p.returncode != 0
        assert outcome["error"]
        return
    assert p.returncode == 0, p.stderr
    assert outcome["error"] is None
    for text in case.get("assertions", {}).get("result_stdout_contains", []):
        assert text in p.stdout


@pytest.mark.parametrize("mode", ["sequential", "parallel"])
def test_app(module: str, case: dict[str, Any], mode: str, tmp_path: Path) -> None:
    testclient = pytest.importorskip("fastapi.testclient", reason="httpx is missing")
    with testclient.TestClient(importlib.import_module(f"{module}.app").app) as client:
        answer = client.post(
            "/",
            params={
                "execution_mode": mode,
                "mock_io": True,
                "results_url": tmp_path.as_uri(),
            },
            json={"params": case["params"]},
        )
    failed = case.get("raises", False)
    assert answer.status_code == case.get(
        "expected_status_code", 500 if failed else 200
    ), answer.text
    assert failed or answer.json()["error"] is None
