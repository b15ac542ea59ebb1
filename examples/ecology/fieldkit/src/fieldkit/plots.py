"""Tasks that draw with matplotlib. A plot is SVG, the same bytes each time; it needs nothing from elsewhere to be seen."""

import io
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from wt_registry import register

from fieldkit.types import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Style = Annotated[
    str, Field(description="The color of what is drawn, as matplotlib knows it.")
]


def figure(title: str, x: str, y: str) -> "Figure":
    """Begin a figure. Matplotlib is imported when something is drawn, not with the module."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(6, 3.5), layout="constrained")
    ax = fig.add_subplot(title=title, xlabel=x, ylabel=y)
    ax.spines[["top", "right"]].set_visible(False)
    return fig


def svg(fig: "Figure") -> str:
    """Write a figure."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "fieldkit", "svg.fonttype": "none"}):
        fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


@register(description="How often the values of a column occur.")
def draw_histogram(
    table: Table,
    column: Annotated[str, Field(description="The column of numbers.")],
    title: Annotated[str, Field(description="What stands above the plot.")] = "",
    bins: Annotated[
        int, Field(title="Bins", description="How many bars there are.", ge=1, le=100)
    ] = 20,
    color: Style = "#2b7a78",
) -> str:
    """Draw a histogram.

    >>> import pandas as pd
    >>> draw_histogram(pd.DataFrame({"a": [1, 2, 2]}), "a").startswith("<?xml")
    True
    """
    fig = figure(title, column.replace("_", " "), "rows")
    fig.axes[0].hist(table[column].dropna(), bins=bins, color=color)
    return svg(fig)


@register(description="One column over another, colored by a third.")
def draw_scatter(
    table: Table,
    x: Annotated[str, Field(description="The column of what lies to the right.")],
    y: Annotated[str, Field(description="The column of what lies above.")],
    by: Annotated[
        str, Field(description="The column that says which color a row has.")
    ],
    title: Annotated[str, Field(description="What stands above the plot.")] = "",
) -> str:
    """Draw points.

    >>> import pandas as pd
    >>> "legend" in draw_scatter(pd.DataFrame({"a": [1, 2], "b": [1, 2], "s": ["x", "y"]}), "a", "b", "s")
    True
    """
    fig = figure(title, x.replace("_", " "), y.replace("_", " "))
    for name, part in table.groupby(by):
        fig.axes[0].scatter(part[x], part[y], s=14, alpha=0.8, label=str(name))
    fig.axes[0].legend(frameon=False)
    return svg(fig)


@register(description="A bar for each row.")
def draw_bars(
    table: Table,
    label: Annotated[str, Field(description="The column of what stands below a bar.")],
    height: Annotated[str, Field(description="The column of numbers.")],
    title: Annotated[str, Field(description="What stands above the plot.")] = "",
    color: Style = "#2b7a78",
) -> str:
    """Draw bars.

    >>> import pandas as pd
    >>> "</svg>" in draw_bars(pd.DataFrame({"s": ["x"], "a": [1]}), "s", "a")
    True
    """
    fig = figure(title, label, height)
    fig.axes[0].bar([str(v) for v in table[label]], table[height], color=color)
    fig.axes[0].tick_params(axis="x", rotation=30)
    return svg(fig)


@register(description="A line for each subject: how far from where it began it is.")
def draw_displacement(
    steps: Table,
    title: Annotated[str, Field(description="What stands above the plot.")] = "",
) -> str:
    """Draw lines over time.

    >>> import pandas as pd
    >>> t = pd.DataFrame({"subject": "a", "time": pd.to_datetime(["2005-01-01"]), "displacement": [1.0]})
    >>> "</svg>" in draw_displacement(t)
    True
    """
    fig = figure(title, "days since the first fix", "km from the first fix")
    for _, part in steps.groupby("subject"):
        days = (part["time"] - part["time"].iloc[0]).dt.total_seconds() / 86400
        fig.axes[0].plot(days, part["displacement"] / 1000, linewidth=0.9)
    return svg(fig)
