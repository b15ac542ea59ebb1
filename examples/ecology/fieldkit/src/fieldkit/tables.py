"""Tasks that make a table of a table, or a number."""

from typing import Annotated

from pydantic import Field
from wt_registry import register

from fieldkit.types import Table


@register(description="Leave out rows in which one of the columns has no value.")
def drop_missing(
    table: Table,
    columns: Annotated[list[str], Field(description="Columns that must have a value.")],
) -> Table:
    """Leave out incomplete rows.

    >>> import pandas as pd
    >>> len(drop_missing(pd.DataFrame({"a": [1, None]}), ["a"]))
    1
    """
    return table.dropna(subset=[c for c in columns if c in table]).reset_index(
        drop=True
    )


@register(description="Keep the rows whose number lies between two others.")
def keep_between(
    table: Table,
    column: Annotated[str, Field(description="The column that is compared.")],
    at_least: Annotated[
        float, Field(title="At least", description="The smallest number that is kept.")
    ] = 0,
    at_most: Annotated[
        float, Field(title="At most", description="The largest number that is kept.")
    ] = 1e9,
) -> Table:
    """Keep rows by a number.

    >>> import pandas as pd
    >>> keep_between(pd.DataFrame({"a": [1, 2, 3]}), "a", 2, 3).a.tolist()
    [2, 3]
    """
    if table.empty:
        return table
    return table[table[column].between(at_least, at_most)].reset_index(drop=True)


@register(description="The number of rows.")
def count_rows(table: Table) -> int:
    """Count rows.

    >>> import pandas as pd
    >>> count_rows(pd.DataFrame({"a": [1, 2]}))
    2
    """
    return len(table)


@register(description="How many different values a column has.")
def count_different(table: Table, column: str) -> int:
    """Count different values.

    >>> import pandas as pd
    >>> count_different(pd.DataFrame({"a": [1, 2, 2]}), "a")
    2
    """
    return int(table[column].nunique())


@register(description="The mean of a column.")
def column_mean(table: Table, column: str) -> float:
    """Give the mean.

    >>> import pandas as pd
    >>> column_mean(pd.DataFrame({"a": [1, 2]}), "a")
    1.5
    """
    return float(table[column].mean())


@register(description="The largest value of a column.")
def column_max(table: Table, column: str) -> float:
    """Give the largest value.

    >>> import pandas as pd
    >>> column_max(pd.DataFrame({"a": [1, 2]}), "a")
    2.0
    """
    return float(table[column].max())


@register(description="The sum of a column.")
def column_sum(table: Table, column: str) -> float:
    """Give the sum.

    >>> import pandas as pd
    >>> column_sum(pd.DataFrame({"a": [1, 2]}), "a")
    3.0
    """
    return float(table[column].sum())


@register(
    description="A row for each group, with the number of its rows and the mean of a column."
)
def mean_by(
    table: Table,
    by: Annotated[
        str, Field(description="The column that says which group a row is of.")
    ],
    column: Annotated[str, Field(description="The column whose mean is taken.")],
) -> Table:
    """Give means by group.

    >>> import pandas as pd
    >>> mean_by(pd.DataFrame({"s": ["x", "x"], "a": [1, 2]}), "s", "a").values.tolist()
    [['x', 2, 1.5]]
    """
    return table.groupby(by, as_index=False).agg(
        rows=(column, "size"), mean=(column, "mean")
    )
