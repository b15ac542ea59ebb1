"""The dish, as scripts see it: a Tango device that is somewhere on the network."""
import math
import os
import time

import tango

NEARBY = "tango://127.0.0.1:10123/test/dish/1#dbase=no"


class Dish:
    """One dish. Where it is, $DISH says: the name of a Tango device, with `#dbase=no` at its end where there is no database."""

    def __init__(self, name=None):
        self.device = tango.DeviceProxy(name or os.environ.get("DISH", NEARBY))

    @property
    def pointing(self):
        """Where it points: azimuth and elevation in degrees."""
        return self.device.azimuth, self.device.elevation

    @property
    def state(self):
        """READY, SLEW or TRACK."""
        return self.device.pointingState.name

    def slew(self, azimuth, elevation, timeout=60):
        """Moves to a direction, and comes back when the dish is there."""
        self.device.Slew([azimuth, elevation])
        self.wait("READY", timeout)

    def track(self, table, timeout=60):
        """Follows a table of (seconds from now, azimuth, elevation), and comes back at its end."""
        now = time.time()
        self.device.Track([x for at, az, el in table for x in (now + at, az, el)])
        self.wait("READY", timeout)

    def stop(self):
        self.device.Stop()

    def wait(self, state, timeout):
        end = time.monotonic() + timeout
        while self.state != state:
            if time.monotonic() > end:
                self.stop()
                raise TimeoutError("the dish is not %s after %d s" % (state, timeout))
            time.sleep(0.05)


def separation(a, b):
    """The angle between two directions, in degrees; both are (azimuth, elevation)."""
    (az1, el1), (az2, el2) = ([math.radians(x) for x in p] for p in (a, b))
    c = math.sin(el1) * math.sin(el2) + math.cos(el1) * math.cos(el2) * math.cos(az1 - az2)
    return math.degrees(math.acos(max(-1.0, min(1.0, c))))
