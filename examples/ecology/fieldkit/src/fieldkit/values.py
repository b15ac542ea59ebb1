"""Tasks for single values: arithmetic, units, text."""

from typing import Annotated, Literal

from pydantic import Field
from wt_registry import register

Unit = Literal["m", "km", "s", "h", "d", "m/s", "km/h", "g", "kg", "mm"]

IN_BASE_UNITS = {
    "m": 1.0,
    "km": 1000.0,
    "s": 1.0,
    "h": 3600.0,
    "d": 86400.0,
    "m/s": 1.0,
    "km/h": 1 / 3.6,
    "g": 1.0,
    "kg": 1000.0,
    "mm": 0.001,
}


@register(description="The number in another unit.")
def convert_unit(
    value: float,
    unit: Annotated[Unit, Field(description="The unit that the number is in.")],
    to: Annotated[Unit, Field(title="To", description="The unit that is wanted.")],
) -> float:
    """Convert a number.

    >>> convert_unit(10, "m/s", "km/h"), convert_unit(3701, "g", "kg")
    (36.0, 3.701)
    """
    return round(value * IN_BASE_UNITS[unit] / IN_BASE_UNITS[to], 9)


@register(description="The number with its unit, as people read it.")
def with_unit(
    value: float,
    unit: Annotated[str, Field(description="The unit that the number is in.")],
    decimals: Annotated[
        int, Field(description="How many digits stand after the point.", ge=0, le=9)
    ] = 1,
) -> str:
    """Write a number.

    >>> with_unit(3.14159, "km"), with_unit(42, "fixes", 0)
    ('3.1 km', '42 fixes')
    """
    return f"{value:.{decimals}f} {unit}"


@register(description="The quotient of two numbers.")
def divide(value: float, by: float) -> float:
    """Divide.

    >>> divide(1, 4), divide(1, 0)
    (0.25, 0.0)
    """
    return value / by if by else 0.0


@register(description="Sentences, one after the other.")
def join_text(
    parts: list[str],
    between: Annotated[
        str, Field(description="What stands between two of them.")
    ] = " ",
) -> str:
    """Join text.

    >>> join_text(["It rains.", "It pours."])
    'It rains. It pours.'
    """
    return between.join(parts)


@register(description="A text in which {value} stands for a value.")
def fill_text(
    value: float | str,
    text: Annotated[str, Field(description="The text: what {value} stands in.")],
) -> str:
    """Fill in a value.

    >>> fill_text(3, "There are {value} species.")
    'There are 3 species.'
    """
    return text.replace(
        "{value}", f"{value:g}" if isinstance(value, float) else str(value)
    )
