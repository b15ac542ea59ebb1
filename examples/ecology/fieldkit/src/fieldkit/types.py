"""What tasks give each other."""

from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, BeforeValidator, WithJsonSchema


def as_table(value: Any) -> Any:
    """Take a list of rows for a table: mock data is JSON.

    >>> as_table([{"a": 1}, {"a": 2}]).a.sum()
    np.int64(3)
    """
    return pd.DataFrame(value) if isinstance(value, list) else value


Table = Annotated[
    pd.DataFrame,
    BeforeValidator(as_table),
    WithJsonSchema({"type": "object", "title": "Table", "format": "table"}),
]
"""Rows with named columns."""

Groups = list[tuple[str, Table]]
"""Tables by the name of what their rows have in common."""


class Layer(BaseModel):
    """Lines or areas of a map, in degrees; each line or ring is a list of [longitude, latitude]."""

    lines: list[list[tuple[float, float]]]
    colors: list[str]
    labels: list[str]
    filled: bool = False
    width: float = 1.5


class Widget(BaseModel):
    """A part of a dashboard. The view is the group that it is of, or empty."""

    widget_type: str
    title: str
    view: str = ""
    data: str


class Panel(BaseModel):
    """Widgets of one title: what is shown for each view. What is of no group is in the view without a name."""

    widget_type: str
    title: str
    views: dict[str, str]


class Dashboard(BaseModel):
    """What a workflow comes to."""

    title: str
    description: str
    widgets: list[Panel]
