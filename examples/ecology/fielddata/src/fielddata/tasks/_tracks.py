from importlib.resources import files
from typing import Annotated, Literal

import pandas as pd
from fieldkit.types import Table
from pydantic import Field
from wt_registry import register


@register(
    tags=["io"], description="Tracks of storms over the Atlantic, a fix each six hours."
)
def read_tracks(
    season: Annotated[
        Literal["2004", "2005"],
        Field(title="Season", description="The year of which tracks are read."),
    ] = "2005",
) -> Table:
    """Read the tracks that this package ships.

    >>> t = read_tracks("2004")
    >>> t["subject"].nunique(), sorted(t.columns)
    (15, ['kind', 'lat', 'lon', 'season', 'subject', 'time', 'wind'])
    """
    with (files("fielddata") / "tracks.csv").open() as f:
        table = pd.read_csv(f)
    return table[table["season"] == int(season)].reset_index(drop=True)
