"""`python -m` of the package is its command line."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
