"""The decorator task, whose functions stay functions: wt_task.task takes them as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])


@overload
def task(func: F, *, tags: list[str] | None = None) -> F: ...
@overload
def task(*, tags: list[str] | None = None) -> Callable[[F], F]: ...


def task(func: Any = None, *, tags: list[str] | None = None) -> Any:
    """Makes a function a task: @task, or @task(tags=["io"])."""
    if func is None:
        return lambda f: task(f, tags=tags)
    func.__ecoscope_task__ = True
    func.tags = list(tags or [])
    func.func = func
    for name in ("call", "map", "mapvalues", "partial", "validate", "set_executor"):
        setattr(func, name, _method(func, name))
    return func


def _method(func: Any, name: str) -> Callable[..., Any]:
    """A method that the task has once somebody asks for it: importing tasks imports no more than they do."""

    def method(*args: Any, **kwargs: Any) -> Any:
        import wt_task

        made: Any = wt_task.task(func, tags=func.tags)
        # All tasks of a package run in one process.
        if name == "set_executor" and args == ("lithops",):
            return made
        return getattr(made, name)(*args, **kwargs)

    method.__name__ = name
    return method
