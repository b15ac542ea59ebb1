"""What is said of tasks while they run. What they give is not touched."""

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from wt_task import SyncTask
from wt_task.exceptions import TaskInstanceError
from wt_task.skip import SkipSentinel

from . import metadata

_PLACES = {t["id"]: (i, t["name"]) for i, t in enumerate(metadata.TASKS, 1)}


class Recorder:
    """Says on stderr, as text or as JSON, what starts and ends. It may be used from several threads."""

    def __init__(self, form: str, tell: Callable[[str], object]) -> None:
        self._form = form
        self._tell = tell
        self._lock = threading.Lock()
        self._since: dict[str, float] = {}

    def task(self, func: Callable[..., Any]) -> "_Watched":
        """Make a task of a function, as wt_task.task does, whose runs are told of."""
        return _Watched(
            func, tags=[], description=None, task_instance_id=None, recorder=self
        )

    def started(self, task: str) -> None:
        with self._lock:
            self._since[task] = time.monotonic()
            self._tell(f"started {task}\n")
            self._say(task, "started", 0.0)

    def done(self, task: str, result: Any) -> None:
        self._ended(task, "skipped" if _skipped(result) else "done")

    def failed(self, task: str) -> None:
        self._ended(task, "failed")

    def _ended(self, task: str, state: str) -> None:
        with self._lock:
            now = time.monotonic()
            self._say(task, state, now - self._since.pop(task, now))
            self._tell(f"ended {task}\n")

    def _say(self, task: str, state: str, seconds: float) -> None:
        index, name = _PLACES.get(task, (0, ""))
        total = len(metadata.TASKS)
        if self._form == "json":
            self._line(
                {
                    "event": "task",
                    "id": task,
                    "name": name,
                    "state": state,
                    "seconds": round(seconds, 3),
                    "index": index,
                    "total": total,
                }
            )
        elif self._form == "text" and state != "started":
            line = f"[{index}/{total}] {task}: {state} ({seconds:.1f} s)"
            self._write(line)

    def end(self, error: str | None) -> None:
        """Say how the run has ended."""
        if self._form == "json":
            with self._lock:
                self._line({"event": "result", "ok": error is None, "error": error})

    def stopped(self, how: str) -> str:
        """Say which tasks were running when the run was stopped."""
        with self._lock:
            tasks = " and ".join(f"'{t}'" for t in self._since)
        return f"Task instance {tasks} {how}" if tasks else f"The run {how}"

    def _line(self, event: dict[str, Any]) -> None:
        self._write(json.dumps(event))

    def _write(self, line: str) -> None:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # nobody reads it any more, or a task has closed it


def _skipped(result: Any) -> bool:
    if isinstance(result, tuple):
        return len(result) == 2 and isinstance(result[1], SkipSentinel)
    if isinstance(result, list):
        return bool(result) and all(_skipped(r) for r in result)
    return isinstance(result, SkipSentinel)


@dataclass(frozen=True)
class _Watched(SyncTask[..., Any, Any, Any]):
    """A task that tells a recorder when it starts and how it ends."""

    recorder: Recorder | None = None

    def set_executor(self, name_or_executor: Any) -> Any:
        return replace(self, executor=name_or_executor)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        call = super().call
        return self._watch(lambda: call(*args, **kwargs))

    def map(self, argnames: Any, argvalues: Any) -> Any:
        call = super().map
        return self._watch(lambda: call(argnames, argvalues))

    def mapvalues(self, argnames: Any, argvalues: Any) -> Any:
        call = super().mapvalues
        return self._watch(lambda: call(argnames, argvalues))

    def _watch(self, call: Callable[[], Any]) -> Any:
        task = self.task_instance_id or ""
        if self.recorder is None:
            return call()
        self.recorder.started(task)
        try:
            result = call()
        except KeyboardInterrupt:
            raise
        except TaskInstanceError:
            self.recorder.failed(task)
            raise
        except BaseException as e:
            # A condition, or values that cannot be mapped: the error belongs to the task all the same.
            self.recorder.failed(task)
            raise TaskInstanceError(task, e) from e  # type: ignore[arg-type]
        self.recorder.done(task, result)
        return result
