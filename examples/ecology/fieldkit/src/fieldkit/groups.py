"""Tasks that take a table apart, and put results of its parts together."""

from typing import Annotated, Any

import pandas as pd
from pydantic import Field
from wt_registry import register
from wt_task.skip import SkippedDependencyFallback, SkipSentinel

from fieldkit.types import Groups, Table


@register(description="Take a table apart: one for each value that the columns have.")
def split_groups(
    table: Table,
    by: Annotated[
        list[str],
        Field(
            title="Group by",
            description="The columns that say which group a row is of.",
        ),
    ],
) -> Groups:
    """Split a table.

    >>> [(name, len(t)) for name, t in split_groups(pd.DataFrame({"s": ["x", "y", "x"]}), ["s"])]
    [('x', 2), ('y', 1)]
    """
    parts = []
    for key, part in table.groupby(by, sort=True):
        names = key if isinstance(key, tuple) else (key,)
        parts.append((", ".join(str(n) for n in names), part.reset_index(drop=True)))
    return parts


def without_skipped(value: Any) -> Any:
    """Leave out what was skipped.

    >>> without_skipped([("a", 1), ("b", SkipSentinel()), SkipSentinel()])
    [('a', 1)]
    """
    if not isinstance(value, list | tuple):
        return []
    return [
        p
        for p in value
        if not isinstance(p, SkipSentinel) and not isinstance(p[1], SkipSentinel)
    ]


Numbers = Annotated[list[tuple[str, float]], SkippedDependencyFallback(without_skipped)]


@register(description="A table of numbers by group.")
def numbers_table(
    numbers: Numbers,
    name: Annotated[
        str, Field(description="What the column of numbers is called.")
    ] = "value",
) -> Table:
    """Make a table of numbers by group.

    >>> numbers_table([("x", 1.0), ("y", 2.0)], "mass").to_dict("list")
    {'group': ['x', 'y'], 'mass': [1.0, 2.0]}
    """
    return pd.DataFrame(numbers, columns=["group", name])


@register(description="The group whose number is the largest.")
def largest_group(numbers: Numbers) -> str:
    """Name the largest.

    >>> largest_group([("x", 1.0), ("y", 2.0)]), largest_group([])
    ('y', 'nothing')
    """
    return max(numbers, key=lambda p: p[1])[0] if numbers else "nothing"
