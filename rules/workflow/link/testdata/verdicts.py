"""Prints verdicts.json: what shape.py says of types, and which values pydantic itself takes for them. Run it with pydantic and shape.py at hand."""
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import sys
import typing
import uuid
from typing import Annotated, Any, Literal, Optional, Sequence

import pydantic
import typing_extensions
from pydantic import AfterValidator, AnyUrl, BaseModel, BeforeValidator, Field, StrictInt, TypeAdapter, WrapValidator

from shape import Shape


class Model(BaseModel):
    a: int
    b: str = "x"


class Aliased(BaseModel):
    a: int = Field(alias="z")


class Node(BaseModel):
    next: Optional["Node"] = None


class Root(pydantic.RootModel[list[int]]):
    pass


@dataclasses.dataclass
class Data:
    a: int


class Typed(typing_extensions.TypedDict, total=False):
    a: typing_extensions.Required[int]
    b: str


class Pair(typing.NamedTuple):
    a: int
    b: str


class Color(enum.Enum):
    RED = "red"
    TWO = 2


class Level(enum.IntEnum):
    LOW = 1


class Frame:
    pass


TYPES = {
    "Any": Any, "None": None, "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "int | None": int | None, "int | str": int | str, "bool | list[int]": bool | list[int],
    "list": list, "list[int]": list[int], "list[str]": list[str], "set[int]": set[int], "frozenset[str]": frozenset[str], "tuple[int, str]": tuple[int, str], "tuple[int, ...]": tuple[int, ...],
    "Sequence[int]": Sequence[int], "Sequence": Sequence, "Iterable[int]": typing.Iterable[int], "Mapping[str, int]": typing.Mapping[str, int], "dict": dict, "dict[str, int]": dict[str, int],
    "list[dict[str, list[int]]]": list[dict[str, list[int]]], "Literal": Literal["a", 1, None], "Literal[True]": Literal[True], "Color": Color, "Level": Level, "Model": Model, "Aliased": Aliased,
    "Node": Node, "Root": Root, "Data": Data, "Typed": Typed, "Pair": Pair, "Frame": Frame, "Frame | None": Frame | None, "date": datetime.date, "datetime": datetime.datetime,
    "timedelta": datetime.timedelta, "Decimal": decimal.Decimal, "Path": pathlib.Path, "UUID": uuid.UUID, "AnyUrl": AnyUrl, "1..10": Annotated[int, Field(ge=1, lt=10)],
    "0.5..": Annotated[float, Field(gt=0.5)], "short": Annotated[str, Field(min_length=2, max_length=3)], "two": Annotated[list[int], Field(min_length=2, max_length=2)],
    "strict": StrictInt, "before": Annotated[int, BeforeValidator(lambda v: 1)], "after": Annotated[int, AfterValidator(lambda v: v)], "wrap": Annotated[int, WrapValidator(lambda v, h: 1)],
    "list[before]": list[Annotated[int, BeforeValidator(lambda v: 1)]], "stripped": Annotated[str, pydantic.StringConstraints(strip_whitespace=True, min_length=1)],
    "pattern": Annotated[str, Field(pattern="^a+$")], "union of models": Model | Data, "Callable": typing.Callable, "type[int]": type[int],
    "tagged": Annotated[typing.Union[Annotated[list[int], pydantic.Tag("l")], Annotated[str, pydantic.Tag("s")]], pydantic.Discriminator(lambda v: "l" if isinstance(v, list) else "s")],
}
VALUES = [None, True, False, 0, 1, 2, 7, -3, 10, 1.0, 1.5, 0.5, 1e300, float("inf"), float("nan"), "", " ", "a", "aa", "abcd", "red", "1", " 1 ", "1.0", "1.5", "1_000", "nan", "yes", "OFF", "true", "maybe",
    "2024-01-02", "2024-01-02T03:04:05Z", "PT1H", "http://x.org/", "12345678-1234-5678-1234-567812345678", "0x10", "1e3", [], [1], [1, 2], ["1", "x"], [1, "b"], ["a"], [[1]], [None], [{"a": [1]}], [{"a": ["x"]}], {}, {"a": 1},
    {"a": "1", "b": "y"}, {"a": "x"}, {"a": 1, "b": 2}, {"b": "y"}, {"z": 1}, {"next": None}, {"next": {"next": 1}}]
# What tasks give: annotations, each with values of it.
GIVEN = {
    "None": (None, [None]), "bool": (bool, [True, False]), "int": (int, [0, 1, 5, -70000]), "float": (float, [0.0, 1.0, 1.5]), "list[int]": (list[int], [[1], [1, 2]]), "list[str]": (list[str], [["a"], ["1", "2"]]),
    "set[int]": (set[int], [{1}, {1, 2}]), "tuple[int, str]": (tuple[int, str], [(1, "a"), (1, "2")]), "tuple[int, ...]": (tuple[int, ...], [(1,), (1, 2)]), "dict[str, int]": (dict[str, int], [{"a": 1}, {"next": 1}]), "dict": (dict, [{}, {"a": 1}, {"z": 1}]),
    "Model": (Model, [Model(a=1)]), "Data": (Data, [Data(1)]), "Typed": (Typed, [{"a": 1}]), "Pair": (Pair, [Pair(1, "a")]), "Color": (Color, [Color.RED, Color.TWO]), "Level": (Level, [Level.LOW]), "Frame": (Frame, [Frame()]),
    "Literal": (Literal["a", "1"], ["a", "1"]), "date": (datetime.date, [datetime.date(2024, 1, 2)]), "datetime": (datetime.datetime, [datetime.datetime(2024, 1, 2)]), "Path": (pathlib.Path, [pathlib.Path("a")]),
    "Decimal": (decimal.Decimal, [decimal.Decimal(1)]), "AnyUrl": (AnyUrl, [AnyUrl("http://x.org/")]), "UUID": (uuid.UUID, [uuid.UUID(int=1)]), "int | None": (int | None, [1, None]), "Frame | None": (Frame | None, [Frame(), None]),
    "str": (str, ["", "a", "aa", "red", "abcd", "2024-01-02", "PT1H", "http://x.org/", str(uuid.UUID(int=1))]), "Root": (Root, [Root([1])]), "bytes": (bytes, [b"a", b"1"]),
}
CONFIG = {"arbitrary_types_allowed": True}


def adapter(t):
    try:
        return TypeAdapter(t, config=CONFIG)
    except pydantic.PydanticUserError:
        return TypeAdapter(t)


def takes(a, v):
    try:
        a.validate_python(v)
        return "+"
    except pydantic.ValidationError:
        return "-"


out = {"values": [], "types": [], "given": []}
for v in VALUES:
    out["values"].append({"float": str(v)} if isinstance(v, float) and not abs(v) < 1e300 else v)
for name, t in TYPES.items():
    a = adapter(t)
    out["types"].append({"name": name, "shape": Shape(False).of(a.core_schema), "takes": "".join(takes(a, v) for v in VALUES)})
for name, (t, vs) in GIVEN.items():
    for v in vs:
        assert takes(adapter(t), v) == "+", (name, v)
    out["given"].append({"name": name, "shape": Shape(True).of(adapter(t).core_schema), "any": "".join("+" if any(takes(adapter(w), v) == "+" for v in vs) else "-" for w in TYPES.values())})
json.dump(out, sys.stdout, separators=(",", ":"))
