"""What the observing scripts of a small observatory have in common."""
from importlib.metadata import version

__version__ = version("dishlib")
