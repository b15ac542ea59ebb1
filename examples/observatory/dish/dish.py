"""A dish that is not there: a Tango device server without a database, on loopback. It ends by itself.

usage: dish.py [--port N] [--lifetime SECONDS] [--rate DEGREES] [--ready FILE]
"""
import argparse
import enum
import os
import signal
import threading
import time

from tango import AttrWriteType, DevState, Except
from tango.server import Device, attribute, command, run
from tango.test_context import get_server_host_port

DEVICE = "test/dish/1"
LOWEST, HIGHEST = 15.0, 90.0


class Pointing(enum.IntEnum):
    READY = 0
    SLEW = 1
    TRACK = 2


class Drive:
    """Where the dish points, worked out when somebody asks: it moves along a table of (time, azimuth, elevation)."""

    def __init__(self, rate):
        self.rate = rate
        self.doing = Pointing.READY
        self.table = [(0.0, 0.0, HIGHEST)]
        self.lock = threading.Lock()

    def now(self):
        with self.lock:
            return self.at(time.time())

    def at(self, t):
        before = self.table[0]
        if t < before[0]:
            return before[1:] + (self.doing,)
        for row in self.table[1:]:
            if t < row[0]:
                part = (t - before[0]) / (row[0] - before[0])
                return tuple(a + part * (b - a) for a, b in zip(before[1:], row[1:])) + (self.doing,)
            before = row
        return before[1:] + (Pointing.READY,)

    def follow(self, doing, table):
        for row in table:
            if not LOWEST <= row[2] <= HIGHEST:
                Except.throw_exception("Dish_OutOfReach", "elevation %.1f is not between %d and %d" % (row[2], LOWEST, HIGHEST), "Dish")
        with self.lock:
            self.doing, self.table = doing, table

    def slew(self, az, el):
        t = time.time()
        from_az, from_el, _ = self.now()
        way = (az - from_az + 180) % 360 - 180  # the shorter one
        self.follow(Pointing.SLEW, [(t, az - way, from_el), (t + max(abs(way), abs(el - from_el)) / self.rate, az, el)])

    def stop(self):
        az, el, _ = self.now()
        self.follow(Pointing.READY, [(time.time(), az, el)])


drive = None


class Dish(Device):
    """A dish with an azimuth and an elevation."""

    def init_device(self):
        super().init_device()
        self.set_state(DevState.ON)

    @attribute(dtype=float, unit="deg", access=AttrWriteType.READ)
    def azimuth(self):
        return drive.now()[0] % 360

    @attribute(dtype=float, unit="deg", access=AttrWriteType.READ)
    def elevation(self):
        return drive.now()[1]

    @attribute(dtype=Pointing, access=AttrWriteType.READ)
    def pointingState(self):
        return drive.now()[2]

    @command(dtype_in=(float,), doc_in="azimuth and elevation in degrees")
    def Slew(self, direction):
        az, el = (float(x) for x in direction)
        drive.slew(az, el)

    @command(dtype_in=(float,), doc_in="time (Unix), azimuth, elevation; time, ...")
    def Track(self, table):
        rows = [tuple(float(x) for x in table[i:i + 3]) for i in range(0, len(table), 3)]
        if not rows or len(table) % 3 or any(a[0] >= b[0] for a, b in zip(rows, rows[1:])):
            Except.throw_exception("Dish_BadTable", "a table is rows of time, azimuth and elevation, later ones after earlier ones", "Track")
        drive.follow(Pointing.TRACK, rows)

    @command
    def Stop(self):
        drive.stop()


def main():
    global drive
    p = argparse.ArgumentParser(description="A dish on loopback, for scripts to point.")
    p.add_argument("--port", type=int, default=10123, help="0 takes any that is free")
    p.add_argument("--lifetime", type=float, default=600, help="seconds until it ends by itself")
    p.add_argument("--rate", type=float, default=90, help="degrees a second; a real one is slower")
    p.add_argument("--ready", help="a file that is written with the device's name when it is there")
    a = p.parse_args()
    drive = Drive(a.rate)
    end = threading.Timer(a.lifetime, os.kill, (os.getpid(), signal.SIGTERM))
    end.daemon = True
    end.start()

    def ready():
        host, port = get_server_host_port()
        name = "tango://%s:%d/%s#dbase=no" % (host, port, DEVICE)
        print("the dish is %s for %d s" % (name, a.lifetime), flush=True)
        if a.ready:
            with open(a.ready + ".new", "w") as f:
                f.write(name)
            os.rename(a.ready + ".new", a.ready)

    run((Dish,), args=["dish", "test", "-nodb", "-ORBendPoint", "giop:tcp:127.0.0.1:%d" % a.port, "-dlist", "Dish::" + DEVICE],
        post_init_callback=ready)


main()
