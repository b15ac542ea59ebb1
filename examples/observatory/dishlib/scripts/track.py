"""Tracks a target for some seconds."""
from dishlib import __version__, sky
from dishlib.dish import Dish

dish = None


def init(name=None):
    global dish
    dish = Dish(name)


def main(target=None, seconds=2, at=None):
    at = at or sky.now()
    target = target or sky.highest(at)
    rows = sky.table(target, at, seconds)
    dish.slew(*rows[0][1:])
    dish.track(rows)
    print("dishlib %s: the dish has tracked %s for %d s" % (__version__, target, seconds))
