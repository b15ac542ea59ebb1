"""Scans a piece of the sky in rows."""
import os
import time

import numpy as np
import tango

import skyscan


def main(azimuth=180.0, elevation=45.0, size=2.0, rows=3):
    dish = tango.DeviceProxy(os.environ.get("DISH", "tango://127.0.0.1:10123/test/dish/1#dbase=no"))
    points = skyscan.raster(azimuth, elevation, size, size, rows, rows)
    for az, el in points:
        dish.Slew([az, el])
        while dish.pointingState.name != "READY":
            time.sleep(0.02)
    at = np.array([dish.azimuth, dish.elevation])
    print("skyscan %s: %d points scanned, the last at azimuth %.2f, elevation %.2f" % (skyscan.__version__, len(points), *at))
