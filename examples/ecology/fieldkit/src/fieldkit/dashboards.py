"""Tasks that save files, and put together what people are shown."""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlparse

from pydantic import BaseModel, Field
from wt_registry import register
from wt_task.skip import SkippedDependencyFallback, SkipSentinel

from fieldkit.types import Dashboard, Panel, Table, Widget


class Details(BaseModel):
    """What a dashboard is called, and what it is about."""

    name: str
    description: str = ""


@register(description="What the dashboard is called, and what it is about.")
def set_details(
    name: Annotated[
        str, Field(title="Name", description="What the dashboard is called.")
    ],
    description: Annotated[
        str, Field(title="Description", description="What it is about.")
    ] = "",
) -> Details:
    """Name a dashboard.

    >>> set_details("Penguins").name
    'Penguins'
    """
    return Details(name=name, description=description)


def named(file: str, group: str = "") -> str:
    """Put a group into a file's name; what is no letter or digit becomes a dash.

    >>> named("mass.svg", "Adelie, Dream")
    'mass-adelie-dream.svg'
    """
    stem, dot, suffix = file.rpartition(".")
    return (
        re.sub(r"[^a-z0-9]+", "-", f"{stem} {group}".lower()).strip("-") + dot + suffix
    )


def save(text: str, folder: str, name: str) -> str:
    where = Path(
        unquote(urlparse(folder).path) if folder.startswith("file:") else folder
    )
    where.mkdir(parents=True, exist_ok=True)
    (where / name).write_text(text, encoding="utf-8")
    return name


Folder = Annotated[
    str, Field(description="The folder of results: a path or a file:// address.")
]
File = Annotated[str, Field(description="The file's name, with its ending.")]


@register(
    description="Save a text in the folder of results; its name there is what comes of it."
)
def save_text(text: str, folder: Folder, file: File) -> str:
    """Save a text.

    >>> import tempfile
    >>> save_text("<svg/>", tempfile.mkdtemp(), "Body mass.svg")
    'body-mass.svg'
    """
    return save(text, folder, named(file))


def pairs(value: Any) -> Any:
    """Leave out texts that were skipped, and all where there is none.

    >>> pairs([("a", "x"), ("b", SkipSentinel())]), pairs(SkipSentinel())
    ([('a', 'x')], [])
    """
    if isinstance(value, SkipSentinel):
        return []
    return [p for p in value if not isinstance(p[1], SkipSentinel)]


@register(
    description="Save a text for each group; their names are what comes of it, by group."
)
def save_texts(
    texts: Annotated[list[tuple[str, str]], SkippedDependencyFallback(pairs)],
    folder: Folder,
    file: File,
) -> list[tuple[str, str]]:
    """Save texts.

    >>> import tempfile
    >>> save_texts([("Adelie", "<svg/>")], tempfile.mkdtemp(), "mass.svg")
    [('Adelie', 'mass-adelie.svg')]
    """
    return [(group, save(text, folder, named(file, group))) for group, text in texts]


# The group that a widget is of; nobody types it into a form.
View = Annotated[str, Field(exclude=True)]


def shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


@register(description="A number or a few words.")
def stat_widget(title: str, data: str | float, view: View = "") -> Widget:
    """Show a value.

    >>> stat_widget("Fixes", 12).data
    '12'
    """
    return Widget(widget_type="stat", title=title, view=view, data=shown(data))


@register(description="Sentences.")
def text_widget(title: str, data: str, view: View = "") -> Widget:
    """Show a text.

    >>> text_widget("Note", "All is well.").widget_type
    'text'
    """
    return Widget(widget_type="text", title=title, view=view, data=data)


@register(description="A plot that was saved.")
def plot_widget(title: str, data: str, view: View = "") -> Widget:
    """Show a plot.

    >>> plot_widget("Mass", "mass.svg", "Adelie").view
    'Adelie'
    """
    return Widget(widget_type="plot", title=title, view=view, data=data)


@register(description="A map that was saved.")
def map_widget(title: str, data: str, view: View = "") -> Widget:
    """Show a map.

    >>> map_widget("Tracks", "tracks.html").widget_type
    'map'
    """
    return Widget(widget_type="map", title=title, view=view, data=data)


@register(description="A table, as Markdown has it.")
def table_widget(
    title: str,
    table: Table,
    decimals: Annotated[
        int, Field(description="How many digits stand after the point.", ge=0, le=9)
    ] = 1,
    view: View = "",
) -> Widget:
    """Show a table.

    >>> import pandas as pd
    >>> print(table_widget("T", pd.DataFrame({"a": ["x"], "b": [1.25]})).data)
    | a | b |
    |---|---|
    | x | 1.2 |
    """

    def cell(v: Any) -> str:
        return f"{v:.{decimals}f}" if isinstance(v, float) else str(v)

    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += [
        "| " + " | ".join(map(cell, row)) + " |"
        for row in table.itertuples(index=False)
    ]
    return Widget(widget_type="table", title=title, view=view, data="\n".join(lines))


def flat(value: Any) -> Any:
    """Make one list of widgets, and of lists of them, without those that were skipped.

    >>> flat([1, [2, SkipSentinel()], SkipSentinel()])
    [1, 2]
    """
    if isinstance(value, list | tuple):
        return [w for v in value for w in flat(v)]
    return [] if isinstance(value, SkipSentinel) else [value]


@register(description="All widgets on one page; those of one title have a view each.")
def gather_dashboard(
    details: Details,
    widgets: Annotated[list[Widget | list[Widget]], SkippedDependencyFallback(flat)],
) -> Dashboard:
    """Put a dashboard together.

    >>> two = [stat_widget("A", 1, "x"), stat_widget("A", 2, "y")]
    >>> gather_dashboard(Details(name="D"), two).widgets[0].views
    {'x': '1', 'y': '2'}
    """
    panels: dict[str, Panel] = {}
    for w in flat(widgets):
        new = Panel(widget_type=w.widget_type, title=w.title, views={})
        panels.setdefault(w.title, new).views[w.view] = w.data
    return Dashboard(
        title=details.name,
        description=details.description,
        widgets=list(panels.values()),
    )
