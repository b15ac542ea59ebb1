from typing import Annotated, Literal

from fieldkit.types import Table
from pydantic import Field
from wt_registry import register


@register(
    tags=["io"],
    description="The penguins of the Palmer Archipelago, 344 of them, measured from 2007 to 2009.",
)
def read_penguins(
    year: Annotated[
        Literal["all", "2007", "2008", "2009"],
        Field(title="Year", description="The season in which they were measured."),
    ] = "all",
) -> Table:
    """Read penguins from the package palmerpenguins.

    >>> len(read_penguins()), len(read_penguins("2007"))
    (344, 110)
    """
    from palmerpenguins import load_penguins

    table = load_penguins()
    if year != "all":
        table = table[table["year"] == int(year)].reset_index(drop=True)
    return table
