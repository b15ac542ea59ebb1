"""Runs steps as soon as what they need is there, in threads; results and errors are those of running one after another."""

import contextvars
import heapq
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from wt_task.executors import SyncExecutor

Step = TypeVar("Step", bound=Callable[..., Any])

# Where the step that runs here stands in the order of the workflow.
_place: contextvars.ContextVar[int] = contextvars.ContextVar("place", default=0)


class Dag:
    """Steps in the order of the workflow, in which each comes after those that it needs.

    When a step fails, later ones are not started any more, and earlier ones go on: the error of the run is that of the first step that
    fails, as it is when they run one after another.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or min(32, (os.cpu_count() or 1) + 4)
        self._ids: list[str] = []
        self._needs: list[list[str]] = []
        self._steps: list[Callable[..., Any]] = []
        self._changed = threading.Condition()
        # What can run now, those first that come first in the workflow.
        self._ready: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._busy = 0
        self._over = False
        self._results: dict[str, Any] = {}
        self._failed: tuple[int, BaseException] | None = None
        self.executor: SyncExecutor[..., Any] = _Executor(self)

    def step(self, id: str, needs: Sequence[str] = ()) -> Callable[[Step], Step]:
        """Add a function as a step; it is given the results of those that it needs."""

        def add(function: Step) -> Step:
            self._ids.append(id)
            self._needs.append(list(needs))
            self._steps.append(function)
            return function

        return add

    def run(self) -> Any:
        """Run all steps and give the result of the last."""
        base = contextvars.copy_context()
        waiting = [len(set(needs)) for needs in self._needs]
        users: dict[str, list[int]] = {}
        for i, needs in enumerate(self._needs):
            for need in set(needs):
                users.setdefault(need, []).append(i)

        def begin(i: int) -> None:
            context = base.copy()
            self.push(i, lambda: context.run(work, i))

        def work(i: int) -> None:
            if self._failed is not None and self._failed[0] < i:
                return
            _place.set(i)
            try:
                args = [self._results[need] for need in self._needs[i]]
                result = self._steps[i](*args)
            except BaseException as e:
                with self._changed:
                    if self._failed is None or i < self._failed[0]:
                        self._failed = (i, e)
                return
            with self._changed:
                self._results[self._ids[i]] = result
                for user in users.get(self._ids[i], []):
                    waiting[user] -= 1
                    if waiting[user] == 0:
                        begin(user)

        for i, count in enumerate(waiting):
            if count == 0:
                begin(i)
        threads = [
            threading.Thread(target=self._serve, name=f"worker-{n}", daemon=True)
            for n in range(self._workers)
        ]
        for thread in threads:
            thread.start()
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._ready and not self._busy)
        finally:
            with self._changed:
                self._over = True
                self._ready.clear()
                self._changed.notify_all()
        for thread in threads:
            thread.join()
        if self._failed is not None:
            raise self._failed[1]
        return self._results[self._ids[-1]]

    def push(self, place: int, job: Callable[[], None]) -> None:
        with self._changed:
            self._count += 1
            heapq.heappush(self._ready, (place, self._count, job))
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._ready) or self._over)
                if self._over:
                    return
                job = heapq.heappop(self._ready)[2]
                self._busy += 1
            job()
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def spread(self, batch: "_Batch", size: int) -> None:
        """Let workers that have nothing else to do help with the elements of a map."""
        for _ in range(min(size, self._workers) - 1):
            context = contextvars.copy_context()
            self.push(_place.get(), lambda context=context: context.run(batch.work))  # type: ignore[misc]


class _Executor(SyncExecutor[..., Any]):
    """Runs the elements of a map at once. The thread that asks for them works as well, so that it never waits for a free one."""

    def __init__(self, dag: Dag) -> None:
        self._dag = dag

    def call(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    def map(self, func: Callable[..., Any], iterable: Iterable[Any]) -> list[Any]:
        batch = _Batch(func, list(iterable))
        self._dag.spread(batch, len(batch.items))
        batch.work()
        return batch.gather()


class _Batch:
    """The elements of one map, which are taken in their order."""

    def __init__(self, func: Callable[..., Any], items: list[Any]) -> None:
        self.items = items
        self._func = func
        self._results: list[Any] = [None] * len(items)
        self._next = 0
        self._busy = 0
        self._failed: tuple[int, BaseException] | None = None
        self._changed = threading.Condition()

    def work(self) -> None:
        while True:
            with self._changed:
                if self._failed is not None or self._next == len(self.items):
                    return
                i = self._next
                self._next += 1
                self._busy += 1
            try:
                result = self._func(self.items[i])
            except BaseException as e:
                with self._changed:
                    if self._failed is None or i < self._failed[0]:
                        self._failed = (i, e)
            else:
                self._results[i] = result
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def gather(self) -> list[Any]:
        with self._changed:
            self._changed.wait_for(lambda: self._busy == 0)
            if self._failed is not None:
                raise self._failed[1]
        return self._results
