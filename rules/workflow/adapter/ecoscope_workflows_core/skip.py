"""What tasks that may be skipped know of skipping: wt-task's own."""

from wt_task.skip import SKIP_SENTINEL, SkippedDependencyFallback, SkipSentinel

__all__ = ["SKIP_SENTINEL", "SkipSentinel", "SkippedDependencyFallback"]
