"""Patterns in which a dish can scan a piece of the sky."""
from importlib.metadata import version

import numpy as np

__version__ = version("skyscan")


def raster(azimuth, elevation, width, height, rows, columns):
    """Rows from the lowest to the highest, each in the direction opposite to the one before: an array of (azimuth, elevation)."""
    out = []
    for n, el in enumerate(np.linspace(-height / 2, height / 2, rows)):
        azs = np.linspace(-width / 2, width / 2, columns)
        out += [(azimuth + az, elevation + el) for az in (azs if n % 2 == 0 else azs[::-1])]
    return np.array(out)
