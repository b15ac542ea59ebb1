"""The tasks of registry.json: `registry.py` prints it of a package ext whose module tasks this is, beside a second one with another load."""
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema, WithJsonSchema
from wt_registry import register


class Frame:
    pass


class Window(BaseModel):
    since: str
    days: int = 7


AnyFrame = Annotated[Any, WithJsonSchema({"type": "ecoscope_workflows.annotations.DataFrame"})]


@register(tags=["io"])
def load(table: str, limit: int = 10) -> Frame: ...


@register()
def count(frame: Frame) -> int: ...


@register()
def name_of(frame: Frame) -> str: ...


@register()
def split(frame: Frame, by: list[str]) -> list[tuple[str, Frame]]: ...


@register()
def names(n: Annotated[int, Field(ge=1, le=100)] = 1) -> list[str]: ...


@register()
def pairs() -> list[tuple[int, str]]: ...


@register()
def maybe(text: str | None = None) -> str | None: ...


@register()
def nothing() -> None: ...


@register()
def mode() -> Literal["a", "b"]: ...


@register()
def use(
    n: int = 0,
    x: float = 0.0,
    flag: bool = False,
    text: str = "",
    kind: Literal["a", "b", 3] = "a",
    many: list[int] = [],
    table: dict[str, int] = {},
    window: Window | SkipJsonSchema[None] = None,
    both: int | list[str] = 0,
    free: Any = None,
    lenient: Annotated[int, BeforeValidator(int)] = 0,
    when: datetime | None = None,
    where: Path | None = None,
    pair: tuple[int, str] = (0, ""),
) -> str: ...


@register()
def scale(frame: Frame, factor: Annotated[float, Field(exclude=True)]) -> Frame: ...


@register()
def frame_like(frame: AnyFrame, other: Frame | None = None) -> AnyFrame: ...


@register()
def rest(n: int, **more: int) -> dict[str, str]: ...


@register()
def owned(self: int = 1) -> int: ...


@register(deprecated=True, deprecation_message="Use names")
def old_names() -> list[str]: ...


@register()
def is_empty(*args: Any) -> bool: ...
