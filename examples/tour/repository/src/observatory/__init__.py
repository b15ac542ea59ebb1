"""What the scripts of a small observatory have in common."""

__version__ = "1.0.0"
