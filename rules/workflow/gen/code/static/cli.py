"""The command line. It imports what a command needs when the command runs: `--help` and `get` import no task."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from . import metadata
from .results import Misuse


class _Parser(argparse.ArgumentParser):
    """A parser whose errors can be put into result.json before the program ends."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise Misuse(f"{message} (see `{self.prog} --help`)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=metadata.NAME, description=metadata.TITLE)
    parser.add_argument("--version", action="version", version=metadata.VERSION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="run the workflow",
        description="Runs the workflow. What it comes to is printed, and written with errors to result.json in the folder "
        "or address that WT_RESULTS names. Exit code: 0, 1 when a task failed, 2 when nothing was run.",
    )
    config = run.add_mutually_exclusive_group(required=True)
    config.add_argument(
        "--config-file", metavar="FILE", help="parameters, as YAML or JSON; - is stdin"
    )
    config.add_argument(
        "--config-json", metavar="JSON", help="parameters; - reads them from stdin"
    )
    run.add_argument(
        "--execution-mode",
        choices=["sequential", "parallel", "async"],
        default="sequential",
        help="one task at a time, or as many as can run at once; async is another name of parallel",
    )
    run.add_argument(
        "--mock-io",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="tasks of input and output give the examples that their packages carry",
    )
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="check the parameters, show what would run in which order, and run nothing",
    )
    run.add_argument(
        "--progress",
        choices=["text", "json", "none"],
        default="text",
        help="what is said of each task on stderr",
    )
    run.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="how many run at once in parallel",
    )
    run.add_argument(
        "--print",
        action=argparse.BooleanOptionalAction,
        default=True,
        dest="show",
        help="print the result on stdout",
    )
    run.add_argument(
        "--results-env-var",
        metavar="NAME",
        help="the variable that says where results go, in place of WT_RESULTS",
    )
    run.add_argument(
        "--otel-exporter",
        choices=["console", "gcp"],
        help="where spans of OpenTelemetry go",
    )
    run.add_argument(
        "--otel-console-exporter-dst",
        choices=["stdout", "file"],
        default="stdout",
        help="where the console's go; file is otel_traces.jsonl among the results",
    )

    get = commands.add_parser("get", help="print what the workflow is")
    get.add_argument(
        "what",
        choices=[
            "rjsf",
            "params",
            "data-connection-property-names",
            "graph",
            "metadata",
        ],
    )

    convert = commands.add_parser(
        "convert",
        help="turn a form's data into parameters, or back",
        description='Prints {"result": ...} or {"validation_errors": [...]}; the exit code is 0 in both cases.',
    )
    convert.add_argument(
        "--from", dest="source", required=True, choices=["params", "formdata"]
    )
    convert.add_argument("--to", required=True, choices=["params", "formdata"])
    convert.add_argument(
        "--json", default="-", metavar="FILE", help="what is converted; - is stdin"
    )

    serve = commands.add_parser("serve", help="offer the workflow over HTTP")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=8080)
    serve.add_argument("--unix", metavar="PATH", help="a socket in place of a port")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of workers")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give the exit code. With argv, `run` runs the tasks in this process."""
    words = sys.argv[1:] if argv is None else argv
    try:
        args = _parser().parse_args(words)
        if args.command == "run":
            from . import run

            return run.command(args, words, apart=argv is None)
        if args.command == "get":
            return _get(args.what)
        if args.command == "convert":
            return _convert(args.source, args.to, args.json)
        return _serve(args.host, args.port, args.unix)
    except Misuse as e:
        if words[:1] == ["run"] and "--dry-run" not in words:
            from . import results

            results.report(words, str(e))
        print(f"{metadata.NAME}: {e}", file=sys.stderr)
        return 2


def _get(what: str) -> int:
    if what == "graph":
        sys.stdout.write(metadata.graph())
        return 0
    value: object
    if what == "rjsf":
        value = metadata.load_rjsf_schema()
    elif what == "params":
        value = metadata.load_params_schema()
    elif what == "metadata":
        value = metadata.describe()
    else:
        value = metadata.get_data_connection_property_names()
    print(json.dumps(value))
    return 0


def _convert(source: str, to: str, file: str) -> int:
    if source == to:
        raise Misuse(f"nothing to do: --from and --to are both {to}")
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        value = json.loads(text)
    except (OSError, ValueError) as e:
        raise Misuse(f"cannot read the JSON to convert: {e}") from e
    from wt_contracts import ValidationError

    turn = (
        metadata.formdata_to_params if to == "params" else metadata.params_to_formdata
    )
    try:
        print(json.dumps({"result": turn(value)}))
    except ValidationError as e:
        print(json.dumps({"validation_errors": e.errors}))
    return 0


def _names(host: str) -> set[str] | None:
    """Give the names that a server of this machine only answers to; None where others reach it, by names that it cannot know."""
    import ipaddress

    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    more = os.environ.get("WT_SERVER_NAMES", "").lower().split(",")
    return {"localhost", "127.0.0.1", "::1", host, *more} - {""} if own else None


def _serve(host: str, port: int, unix: str | None) -> int:
    try:
        import uvicorn

        from .app import app
    except ImportError as e:
        raise Misuse(f"serve needs fastapi and uvicorn in the environment: {e}") from e
    if unix is not None:
        uvicorn.run(app, uds=unix)
    else:
        app.state.names = _names(host)
        uvicorn.run(app, host=host, port=port)
    return 0
