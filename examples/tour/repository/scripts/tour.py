"""What is up over the observatory, what else is in its workspace, and what edits would make cairn do."""
from importlib import metadata

import click

from observatory import others, whatif


@click.command()
@click.option("--at", default="2026-03-21 22:00", help="When, in UTC.")
def main(at):
    asked = whatif.Asked(others.iocs())  # cairn works on it while the rest is imported

    from observatory import __version__, report, sky

    print("observatory %s, in an environment of %d packages\n" % (__version__, len(list(metadata.distributions()))))
    seen = sky.look(sky.NORTH, sky.TARGETS, at)
    report.show(sky.NORTH, at, seen)
    others.show()
    asked.show()


main()
