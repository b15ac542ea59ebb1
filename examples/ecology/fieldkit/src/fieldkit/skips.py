"""When an instance is skipped: conditions see all arguments of its task."""

from typing import Any

import pandas as pd
from wt_registry import register
from wt_task.skip import SkipSentinel


@register()
def any_is_empty(*args: Any) -> bool:
    """Skip what would work on no rows.

    >>> any_is_empty(pd.DataFrame({"a": [1]}), "name"), any_is_empty(pd.DataFrame())
    (False, True)
    """
    return any(isinstance(a, pd.DataFrame) and a.empty for a in args)


@register()
def any_was_skipped(*args: Any) -> bool:
    """Skip what needs something that was skipped.

    >>> any_was_skipped(1, "a"), any_was_skipped(1, SkipSentinel())
    (False, True)
    """
    return any(isinstance(a, SkipSentinel) for a in args)


@register()
def never(*args: Any) -> bool:
    """Skip nothing: for an instance that can do with what is left.

    >>> never(SkipSentinel())
    False
    """
    return False
