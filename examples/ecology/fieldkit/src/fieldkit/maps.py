"""Tasks that draw maps. A map is one file of HTML with an SVG in it: no tiles, no script, no network."""

from html import escape
from typing import Annotated, Any

from pydantic import Field
from wt_registry import register
from wt_task.skip import SkippedDependencyFallback, SkipSentinel

from fieldkit.types import Layer, Table

COLORS = [
    "#1a9850",
    "#91cf60",
    "#d9ef8b",
    "#fee08b",
    "#fc8d59",
    "#d73027",
    "#a50026",
    "#67001f",
]

MARGIN = 3.0  # degrees around what is drawn

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{margin:0;font:14px sans-serif}}svg{{width:100%;height:auto;background:#dceaf2}}h1{{font-size:16px;margin:8px}}</style></head>
<body><h1>{title}</h1>
<svg viewBox="{view}" role="img" aria-label="{title}">
"""


@register(description="The land, to be drawn below everything else.")
def land_layer(
    land: Table,
    color: Annotated[str, Field(description="The color of land.")] = "#f5f1e6",
) -> Layer:
    """Make areas of rings.

    >>> import pandas as pd
    >>> land_layer(pd.DataFrame({"ring": [0, 0, 0], "lon": [0, 1, 1], "lat": [0, 0, 1]})).filled
    True
    """
    if land.empty:
        return Layer(lines=[], colors=[], labels=[], filled=True)
    rings = [
        list(zip(r["lon"], r["lat"], strict=True)) for _, r in land.groupby("ring")
    ]
    return Layer(
        lines=rings,
        colors=[color] * len(rings),
        labels=[""] * len(rings),
        filled=True,
        width=0.2,
    )


@register(description="Steps as lines, in the color of their class.")
def step_layer(
    steps: Table,
    label: Annotated[
        str, Field(description="The column of what is said about a line.")
    ] = "subject",
    width: Annotated[
        float, Field(description="How wide lines are.", gt=0, le=10)
    ] = 1.5,
) -> Layer:
    """Make lines of steps.

    >>> import pandas as pd
    >>> t = pd.DataFrame({"subject": ["a"], "lon": [0], "lat": [0], "lon2": [1], "lat2": [1], "class": [0]})
    >>> step_layer(t).colors
    ['#1a9850']
    """
    rows = zip(steps["lon"], steps["lat"], steps["lon2"], steps["lat2"], strict=True)
    classes = steps["class"] if "class" in steps else [0] * len(steps)
    return Layer(
        lines=[[(x1, y1), (x2, y2)] for x1, y1, x2, y2 in rows],
        colors=[COLORS[int(c)] for c in classes],
        labels=[str(s) for s in steps[label]],
        width=width,
    )


@register(description="Steps by day and by night as lines.")
def night_layer(
    steps: Table,
    day: Annotated[
        str, Field(title="By day", description="The color of steps by day.")
    ] = "#e7a553",
    night: Annotated[
        str, Field(title="By night", description="The color of steps by night.")
    ] = "#292965",
) -> Layer:
    """Make lines of steps.

    >>> import pandas as pd
    >>> t = pd.DataFrame({"subject": ["a"], "lon": [0], "lat": [0], "lon2": [1], "lat2": [1], "night": [True]})
    >>> night_layer(t).colors
    ['#292965']
    """
    layer = step_layer(steps)
    return layer.model_copy(
        update={"colors": [night if n else day for n in steps["night"]]}
    )


@register(description="The cells of a grid, the more time the darker.")
def density_layer(grid: Table) -> Layer:
    """Make areas of cells.

    >>> import pandas as pd
    >>> len(density_layer(pd.DataFrame({"row": [0.0], "col": [0.0], "share": [1.0], "cell": [1.0]})).lines[0])
    4
    """
    rings, colors, labels = [], [], []
    most = float(grid["share"].max())
    for r, c, share, w in zip(
        grid["row"], grid["col"], grid["share"], grid["cell"], strict=True
    ):
        rings.append([(c, r), (c + w, r), (c + w, r + w), (c, r + w)])
        colors.append(COLORS[min(int(share / most * len(COLORS)), len(COLORS) - 1)])
        labels.append(f"{100 * share:.1f} % of the time")
    return Layer(lines=rings, colors=colors, labels=labels, filled=True, width=0.1)


def without_skipped(value: Any) -> Any:
    """Leave out layers that were skipped."""
    return (
        [v for v in value if not isinstance(v, SkipSentinel)]
        if isinstance(value, list)
        else value
    )


Layers = Annotated[Layer | list[Layer], SkippedDependencyFallback(without_skipped)]


@register(description="A map of layers, the first one at the bottom.")
def draw_map(
    layers: Layers,
    title: Annotated[str, Field(description="What stands above the map.")] = "",
    below: Annotated[
        Layer | None, Field(description="What lies below all layers.", exclude=True)
    ] = None,
) -> str:
    """Draw a map.

    >>> html = draw_map(Layer(lines=[[(0, 0), (2, 1)]], colors=["red"], labels=["<a>"]), "A & B")
    >>> 'viewBox="-3.00 -4.00 8.00 7.00"' in html, "A &amp; B" in html, "&lt;a&gt;" in html
    (True, True, True)
    """
    several = layers if isinstance(layers, list) else [layers]
    points = [p for layer in several for line in layer.lines for p in line] or [
        (-100.0, 0.0),
        (0.0, 60.0),
    ]
    west, east = min(p[0] for p in points) - MARGIN, max(p[0] for p in points) + MARGIN
    south, north = (
        min(p[1] for p in points) - MARGIN,
        max(p[1] for p in points) + MARGIN,
    )
    view = f"{west:.2f} {-north:.2f} {east - west:.2f} {north - south:.2f}"
    out = [HEAD.format(title=escape(title), view=view)]
    scale = (east - west) / 400  # so that a width of 1 is a thin line
    for layer in ([below] if below else []) + several:
        for line, color, label in zip(
            layer.lines, layer.colors, layer.labels, strict=True
        ):
            path = (
                "M"
                + "L".join(f"{x:.2f},{-y:.2f}" for x, y in line)
                + ("Z" if layer.filled else "")
            )
            fill = (
                f'fill="{escape(color)}" fill-opacity=".8"'
                if layer.filled
                else 'fill="none"'
            )
            stroke = "#999" if layer.filled else escape(color)
            said = f"<title>{escape(label)}</title>" if label else ""
            out.append(
                f'<path d="{path}" {fill} stroke="{stroke}" stroke-width="{layer.width * scale:.3f}">{said}</path>\n'
            )
    out.append("</svg></body></html>\n")
    return "".join(out)
