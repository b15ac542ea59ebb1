from importlib.resources import files

import pandas as pd
from fieldkit.types import Table
from wt_registry import register


@register(tags=["io"], description="The land around the Atlantic, as rings of points.")
def read_land() -> Table:
    """Read the land that this package ships.

    >>> sorted(read_land().columns)
    ['lat', 'lon', 'ring']
    """
    with (files("fielddata") / "land.csv").open() as f:
        return pd.read_csv(f)
