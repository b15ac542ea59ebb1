"""Puts the dish into the position in which the wind does least. A plain script: no functions, it starts at its first line."""
from dishlib.dish import Dish

dish = Dish()
dish.stop()
dish.slew(0, 90)
print("the dish is stowed: azimuth %.0f, elevation %.0f, %s" % (*dish.pointing, dish.state))
