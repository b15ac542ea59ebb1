"""What people and archives get to see."""
import jinja2
import requests
from rich.console import Console
from rich.table import Table

TITLE = jinja2.Template("Over the site {{ site.name }} at {{ at }} UTC")


def show(site, at, seen):
    table = Table("target", "altitude", "azimuth")
    for s in seen:
        table.add_row(s.target.name, "%.1f" % s.altitude, "%.1f" % s.azimuth, style=None if s.altitude > 0 else "dim")
    print(TITLE.render(site=site, at=at))
    Console(width=60).print(table)


def for_archive(archive, seen):
    """Makes the request that files what was seen; nothing is sent."""
    return requests.Request("POST", archive, json=[s.model_dump() for s in seen]).prepare()
