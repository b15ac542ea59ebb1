"""Says where the dish points."""
from dishlib import __version__
from dishlib.dish import Dish

dish = Dish()
print("dishlib %s: azimuth %.2f, elevation %.2f, %s" % (__version__, *dish.pointing, dish.state))
