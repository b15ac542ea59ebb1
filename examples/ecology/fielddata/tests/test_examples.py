"""What stands in for a task's result has the columns that the task's result has."""

import json
from importlib.resources import files

import pandas as pd
import pytest
from fielddata.tasks import read_land, read_penguins, read_tracks
from fieldkit.types import as_table


@pytest.mark.parametrize("task", [read_land, read_penguins, read_tracks])
def test_columns(task) -> None:  # type: ignore[no-untyped-def]
    name = task.__name__.replace("_", "-") + ".example-return.json"
    rows = json.loads((files("fielddata.tasks") / name).read_text())
    example, real = as_table(rows), task()
    assert list(example.columns) == list(real.columns)
    assert isinstance(example, pd.DataFrame) and 20 < len(example) < len(real)
