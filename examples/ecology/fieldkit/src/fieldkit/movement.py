"""Tasks for tracks: fixes with a subject, a time and a place.

Steps are those of movingpandas, on the ellipsoid WGS 84; how far a fix is from the first one is measured on a sphere, by the haversine formula.
"""

import warnings
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field
from wt_registry import register

from fieldkit.types import Table

RADIUS = 6371008.8  # metres, the Earth's mean


def distance(
    lat1: float, lon1: float, lat2: "pd.Series", lon2: "pd.Series"
) -> "pd.Series":
    """Give metres between places.

    >>> round(float(distance(0, 0, pd.Series([0.0]), pd.Series([1.0])).iloc[0]))
    111195
    """
    a, b = np.radians(lat1), np.radians(lat2)
    dlat, dlon = b - a, np.radians(lon2 - lon1)
    h = np.sin(dlat / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(dlon / 2) ** 2
    return 2 * RADIUS * np.arcsin(np.sqrt(h))


@register(
    description="Leave out fixes that cannot be: at no place, or twice at one time."
)
def clean_fixes(fixes: Table) -> Table:
    """Clean fixes.

    >>> t = pd.DataFrame({"subject": ["a", "a"], "time": ["2005-01-01"] * 2, "lat": [1, 2], "lon": [1, 2]})
    >>> len(clean_fixes(t))
    1
    """
    if fixes.empty:
        return fixes
    fixes = fixes.assign(time=pd.to_datetime(fixes["time"]))
    fixes = fixes[fixes["lat"].between(-90, 90) & fixes["lon"].between(-180, 180)]
    fixes = fixes.drop_duplicates(["subject", "time"]).sort_values(["subject", "time"])
    return fixes.reset_index(drop=True)


@register(description="Leave out subjects that have few fixes.")
def keep_long_tracks(
    fixes: Table,
    min_fixes: Annotated[
        int,
        Field(
            title="Fewest fixes",
            description="Tracks with fewer fixes are left out.",
            ge=2,
        ),
    ] = 8,
) -> Table:
    """Keep long tracks.

    >>> len(keep_long_tracks(pd.DataFrame({"subject": ["a", "a", "b"]}), 2))
    2
    """
    if fixes.empty:
        return fixes
    return fixes[
        fixes.groupby("subject")["subject"].transform("size") >= min_fixes
    ].reset_index(drop=True)


@register(description="Leave out fixes of another time of year.")
def keep_months(
    fixes: Table,
    first: Annotated[int, Field(title="First month", ge=1, le=12)] = 1,
    last: Annotated[int, Field(title="Last month", ge=1, le=12)] = 12,
) -> Table:
    """Keep fixes of some months.

    >>> len(keep_months(pd.DataFrame({"time": pd.to_datetime(["2005-01-01", "2005-08-01"])}), 6, 9))
    1
    """
    if fixes.empty:
        return fixes
    return fixes[fixes["time"].dt.month.between(first, last)].reset_index(drop=True)


@register(
    description="Steps between the fixes of a track: how far, how long, how fast, where to."
)
def fixes_to_steps(fixes: Table) -> Table:
    """Make steps of fixes.

    >>> t = pd.DataFrame({"subject": "a", "time": pd.to_datetime(["2005-01-01 00:00", "2005-01-01 06:00"]),
    ...                   "lat": [0.0, 0.0], "lon": [0.0, 1.0]})
    >>> s = fixes_to_steps(t)
    >>> round(s["speed"].iloc[0], 2), s["heading"].iloc[0]
    (np.float64(5.15), np.float64(90.0))
    """
    if fixes.empty:
        return fixes
    steps = [steps_of(t.df) for t in trajectories(fixes)]
    return pd.concat(steps, ignore_index=True)


def trajectories(fixes: "pd.DataFrame") -> list[Any]:
    """Give movingpandas' trajectories, with metres, speed and heading of what led to each fix."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts that need further packages
        import movingpandas
    tracks = movingpandas.TrajectoryCollection(
        fixes.assign(latitude=fixes["lat"], longitude=fixes["lon"]),
        traj_id_col="subject",
        t="time",
        x="longitude",
        y="latitude",
        crs="EPSG:4326",
    )
    tracks.add_distance(name="metres")
    tracks.add_speed(name="speed")
    tracks.add_direction(name="heading")
    return list(tracks.trajectories)


def steps_of(track: "pd.DataFrame") -> "pd.DataFrame":
    """Give the steps between a trajectory's rows."""
    start = track.iloc[:-1].reset_index()
    end = track.iloc[1:].reset_index()
    lat, lon = start["lat"], start["lon"]
    return pd.DataFrame(start.drop(columns=["geometry"])).assign(
        end=end["time"],
        lat2=end["lat"],
        lon2=end["lon"],
        seconds=(end["time"] - start["time"]).dt.total_seconds(),
        metres=end["metres"],
        speed=end["speed"],
        heading=end["heading"],
        displacement=distance(lat.iloc[0], lon.iloc[0], lat, lon),
    )


@register(
    description="Say of each step whether it began by night: by the sun's time at its place."
)
def mark_nights(steps: Table) -> Table:
    """Mark nights.

    >>> t = pd.DataFrame({"time": pd.to_datetime(["2005-01-01 00:00", "2005-01-01 12:00"]), "lon": [0.0, 0.0]})
    >>> mark_nights(t)["night"].tolist()
    [True, False]
    """
    if steps.empty:
        return steps
    hour = (
        steps["time"].dt.hour + steps["time"].dt.minute / 60 + steps["lon"] / 15
    ) % 24
    return steps.assign(night=(hour < 6) | (hour >= 18))


@register(description="Put numbers into classes of equal width.")
def classify(
    table: Table,
    column: Annotated[str, Field(description="The column of numbers.")],
    classes: Annotated[
        int, Field(title="Classes", description="How many there are.", ge=2, le=8)
    ] = 5,
) -> Table:
    """Classify numbers.

    >>> classify(pd.DataFrame({"a": [0.0, 1.0, 10.0]}), "a", 2)["class"].tolist()
    [0, 0, 1]
    """
    if table.empty:
        return table
    low, high = float(table[column].min()), float(table[column].max())
    number = np.floor((table[column] - low) / ((high - low) or 1) * classes)
    return table.assign(**{"class": np.minimum(number, classes - 1).astype(int)})


@register(description="How much of the time is spent in each cell of a grid.")
def time_density(
    steps: Table,
    cell: Annotated[
        float,
        Field(title="Cell", description="The width of a cell in degrees.", gt=0, le=20),
    ] = 2.5,
) -> Table:
    """Make a grid of times.

    >>> t = pd.DataFrame({"lat": [0.1, 0.2, 5.0], "lon": [0.1, 0.2, 5.0], "seconds": [60.0, 60.0, 120.0]})
    >>> time_density(t, 1.0)["share"].tolist()
    [0.5, 0.5]
    """
    if steps.empty:
        return steps
    cells = steps.assign(
        row=np.floor(steps["lat"] / cell) * cell,
        col=np.floor(steps["lon"] / cell) * cell,
    )
    grid = cells.groupby(["row", "col"], as_index=False)["seconds"].sum()
    return grid.assign(share=grid["seconds"] / grid["seconds"].sum(), cell=cell)


@register(description="The share of steps that began by night.")
def night_share(steps: Table) -> float:
    """Give the share of nights.

    >>> night_share(pd.DataFrame({"night": [True, False]}))
    0.5
    """
    return float(steps["night"].mean())
