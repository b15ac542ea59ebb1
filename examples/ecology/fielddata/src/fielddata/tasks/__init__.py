"""Tasks that read. With mocked input and output, what they give is what the files beside this one hold."""

from fielddata.tasks._land import read_land
from fielddata.tasks._penguins import read_penguins
from fielddata.tasks._tracks import read_tracks

__all__ = ["read_land", "read_penguins", "read_tracks"]
