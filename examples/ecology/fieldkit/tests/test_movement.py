"""A track round a square of one degree at the equator."""

import pandas as pd
import pytest
from fieldkit.movement import (
    clean_fixes,
    fixes_to_steps,
    keep_long_tracks,
    time_density,
)


@pytest.fixture
def square() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": "s",
            "time": pd.date_range("2005-01-01", periods=5, freq="6h"),
            "lat": [0.0, 0.0, 1.0, 1.0, 0.0],
            "lon": [0.0, 1.0, 1.0, 0.0, 0.0],
        }
    )


def test_headings(square: pd.DataFrame) -> None:
    steps = fixes_to_steps(square)
    assert [round(h) % 360 for h in steps["heading"]] == [90, 0, 270, 180]
    assert steps["displacement"].iloc[0] == 0


def test_the_last_fix_begins_no_step(square: pd.DataFrame) -> None:
    two = pd.concat([square, square.assign(subject="t")])
    assert len(fixes_to_steps(clean_fixes(two))) == 8


@pytest.mark.parametrize("few, left", [(5, 5), (6, 0)])
def test_short_tracks(square: pd.DataFrame, few: int, left: int) -> None:
    assert len(keep_long_tracks(square, few)) == left


def test_all_the_time_is_in_the_grid(square: pd.DataFrame) -> None:
    assert time_density(fixes_to_steps(square), 0.5)["share"].sum() == pytest.approx(1)


def test_nothing_comes_of_nothing() -> None:
    none = pd.DataFrame()
    assert time_density(fixes_to_steps(keep_long_tracks(clean_fixes(none)))).empty
