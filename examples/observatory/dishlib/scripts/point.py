"""Points the dish at a target: the one that is asked for, or the one that stands highest."""
from dishlib import __version__, sky
from dishlib.dish import Dish, separation

dish = None


def init(name=None):
    global dish
    dish = Dish(name)


def main(target=None, at=None):
    at = at or sky.now()
    target = target or sky.highest(at)
    wanted = sky.direction(target, at)
    dish.slew(*wanted)
    print("dishlib %s: the dish points at %s, azimuth %.2f, elevation %.2f" % (__version__, target, *wanted))
    if separation(dish.pointing, wanted) > 0.01:
        raise RuntimeError("it points at azimuth %.2f, elevation %.2f" % dish.pointing)
