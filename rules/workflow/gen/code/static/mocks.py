"""Examples in place of tasks of input and output, for tests."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from wt_task import testing


def create_func_magicmock(anchor: str, func_name: str) -> Any:
    """Do as wt-task does, also for a module that is no package: before Python 3.12, resources are those of packages only."""
    more: dict[str, str] = {}
    module = importlib.import_module(anchor)
    name = f"WT_TASK_MOCK_IO__{anchor.replace('.', '_')}_{func_name}".upper()
    old = sys.version_info < (3, 12) and not hasattr(module, "__path__")
    if old and not os.environ.get(name):
        stem = func_name.replace("_", "-") + ".example-return."
        folder = Path(module.__file__ or "").parent
        found = [str(f) for f in folder.iterdir() if f.name.startswith(stem)]
        if len(found) != 1:
            raise FileNotFoundError(
                f"one example is needed of what {anchor}.{func_name} gives; "
                f"there are {len(found)}: {folder}/{stem}*"
            )
        more[name] = found[0]
    with patch.dict(os.environ, more):
        return testing.create_func_magicmock(anchor=anchor, func_name=func_name)
