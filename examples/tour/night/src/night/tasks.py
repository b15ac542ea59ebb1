"""Tasks of a night's plan."""
from typing import Annotated

from pydantic import Field
from wt_registry import register


@register()
def targets(dusk: Annotated[int, Field(description="The hour, in UTC.", ge=0, le=23)] = 21) -> list[str]:
    """Gives what is up at dusk, brightest first."""
    seasons = {21: ["Crab Nebula", "Messier 87"], 22: ["Messier 87", "Cygnus A"]}
    return seasons.get(dusk, ["Cassiopeia A"])


@register()
def schedule(names: list[str], minutes: Annotated[int, Field(description="For each target.", gt=0)] = 40) -> str:
    """Lays the targets one after the other."""
    return ", ".join("%s at +%d min" % (name, i * minutes) for i, name in enumerate(names))
