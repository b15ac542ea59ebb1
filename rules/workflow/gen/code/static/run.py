"""One run. The tasks run in a process of their own, so that there is a result even where a task ends its process."""

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from . import metadata, results
from .results import Misuse, outcome

# The variable that tells the process of the tasks where to say what it does.
_PIPE = "WT_RUN_PIPE"

# The variable that names a pipe whose other end is open as long as somebody wants the run.
WANTED = "WT_RUN_WANTED"


def command(args: argparse.Namespace, words: list[str], apart: bool) -> int:
    """Do what `run` is asked for and give the exit code; apart is False where the tasks are to run in this process."""
    pipe = os.environ.pop(_PIPE, None)
    wanted = os.environ.pop(WANTED, None)
    if args.dry_run:
        _checked(args)
        _show_plan(args.progress)
        return 0
    place = results.place(args.results_env_var)
    place.announce()
    if pipe is not None:
        os.set_inheritable(int(pipe), False)
        if wanted is not None:
            os.set_inheritable(int(wanted), False)
            _watch(wanted)

        def tell(line: str) -> None:
            try:
                os.write(int(pipe), line.encode())
            except OSError:
                pass  # nobody listens any more

        return _run(args, place, tell)
    place.clear()
    if not apart:
        return _run(args, place, lambda line: None)
    return _supervise(args, words, place, wanted)


def _run(args: argparse.Namespace, place: results.Place, tell: Any) -> int:
    from .progress import Recorder

    recorder = Recorder(args.progress, tell)
    code = 0
    try:
        params = _checked(args)
        _trace(args, place)
        got = _dag(args, recorder, params)
        value = results.plain(got)
        if args.show:
            _say(str(got), sys.stdout)
        out = outcome(result=value)
    except Misuse as e:
        code, out = 2, outcome(error=str(e))
        print(f"{metadata.NAME}: {e}", file=sys.stderr)
    except KeyboardInterrupt:
        code, out = 130, outcome(error=recorder.stopped("was interrupted"))
    except BaseException as e:
        code, out = 1, outcome(error=_said(e), trace=traceback.format_exc())
        if args.progress != "json":
            _say(_where(e) + str(out["error"]), sys.stderr)
    place.write(out)
    tell("written\n")
    recorder.end(out["error"])
    return code


def _say(text: str, to: TextIO) -> None:
    try:
        print(text, file=to, flush=True)
    except (OSError, ValueError):
        pass  # a task has closed it, or nobody reads it: result.json has all of it


def _said(e: BaseException) -> str:
    if type(e).__name__ == "TaskInstanceError":
        return str(e)
    return f"{type(e).__name__}: {e}"


def _where(e: BaseException) -> str:
    """Give the lines of a failed task that led to its error, without those of what has called it."""
    cause = e.__cause__ if type(e).__name__ == "TaskInstanceError" else e
    told = traceback.TracebackException.from_exception(cause or e)
    here = str(Path(__file__).parent)
    told.stack[:] = [
        f
        for f in told.stack
        if not f.filename.startswith((here, "<frozen "))
        and not {"pydantic", "wt_task"} & set(Path(f.filename).parts)
    ]
    return "".join(told.format())


def _dag(args: argparse.Namespace, recorder: Any, params: dict[str, Any]) -> Any:
    mode = "sequential" if args.execution_mode == "sequential" else "parallel"
    name = f"run_{mode}_mock_io" if args.mock_io else f"run_{mode}"
    dag = importlib.import_module(f"{__package__}.dags.{name}")
    more = {"workers": args.workers} if mode == "parallel" else {}
    return dag.main(params, validate_params_schema=False, task=recorder.task, **more)


def _supervise(
    args: argparse.Namespace,
    words: list[str],
    place: results.Place,
    wanted: str | None,
) -> int:
    reader, writer = os.pipe()
    # It closes with this process, however that ends; the tasks are not to go on then, and write a result beside that of a later run.
    here, open_end = os.pipe()
    # Between the check and the start a signal must not be lost: handlers come first.
    got: list[int] = []
    child: list[subprocess.Popen[bytes]] = []

    def forward(number: int, frame: object) -> None:
        got.append(number)
        # An interrupt from a terminal reaches the whole process group by itself.
        if child and not (number == signal.SIGINT and sys.stdin.isatty()):
            child[0].send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)
    child.append(
        subprocess.Popen(
            results.program(*words),
            env={**os.environ, _PIPE: str(writer), WANTED: str(here)},
            pass_fds=[writer, here],
        )
    )
    os.close(writer)
    os.close(here)
    if got:
        child[0].send_signal(got[0])
    if wanted is not None:
        _watch(wanted)
    running: dict[str, None] = {}
    written = threading.Event()

    def read() -> None:
        with open(reader, encoding="utf-8") as lines:
            for line in lines:
                what, _, task = line.strip().partition(" ")
                if what == "started":
                    running[task] = None
                elif what == "ended":
                    running.pop(task, None)
                elif what == "written":
                    written.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    code = child[0].wait()
    # A process that a task has left behind may hold the pipe open.
    thread.join(timeout=2)
    if written.is_set():
        return code if code >= 0 else 1
    if code < 0:
        how = f"the process was ended by {_signal(-code)}"
    else:
        how = f"the process ended with exit code {code}"
    tasks = " and ".join(f"'{t}'" for t in running)
    if len(running) > 1:
        error = f"Task instances {tasks} were running when {how}"
    elif running:
        error = f"Task instance {tasks} was running when {how}"
    else:
        error = f"No task was running when {how}"
    place.write(outcome(error=error))
    from .progress import Recorder

    recorder = Recorder(args.progress, lambda line: None)
    for task in running:
        recorder.failed(task)
    recorder.end(error)
    if args.progress != "json":
        print(f"{metadata.NAME}: {error}", file=sys.stderr)
    return 128 + got[0] if got else 1


def _watch(pipe: str) -> None:
    threading.Thread(target=_until_unwanted, args=[int(pipe)], daemon=True).start()


def _until_unwanted(pipe: int) -> None:
    """End this process, and all that is in its group if that is its own, once the pipe is closed."""
    os.read(pipe, 1)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _checked(args: argparse.Namespace) -> dict[str, Any]:
    """Give the parameters, once all that can be checked before a task runs is as it should be."""
    params: dict[str, Any] = _config(args)
    check(params)
    known = {*os.environ, *results.VARIABLES}
    unset = [name for name in metadata.ENV if name not in known]
    if unset:
        raise Misuse(
            "environment variables that the workflow uses are not set: "
            + ", ".join(unset)
        )
    return params


def check(params: Any) -> None:
    """Raise a Misuse that says of each invalid parameter where it is."""
    from wt_contracts import ValidationError, validate

    try:
        validate(params, metadata.load_params_schema())
    except ValidationError as e:
        lines = [
            f"{'.'.join(str(p) for p in x['path']) or 'parameters'}: {x['message']}"
            for x in e.errors
        ]
        raise Misuse("invalid parameters: " + "; ".join(lines)) from e


def _config(args: argparse.Namespace) -> Any:
    name = args.config_file
    try:
        if name is None:
            text = sys.stdin.read() if args.config_json == "-" else args.config_json
        else:
            text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise Misuse(f"cannot read --config-file {name}: {e}") from e
    if name is None or name.endswith(".json"):
        try:
            return json.loads(text)
        except ValueError as e:
            raise Misuse(f"the parameters are not JSON: {e}") from e
    return _yaml(text, name)


def _yaml(text: str, name: str) -> Any:
    load: Any
    try:
        load = importlib.import_module("ruamel.yaml").YAML(typ="safe").load
    except ImportError:
        try:
            load = _loader(importlib.import_module("yaml"))
        except ImportError:
            try:
                return json.loads(text)
            except ValueError as e:
                raise Misuse(
                    f"cannot read {name}: for YAML the environment needs ruamel.yaml or PyYAML; "
                    "JSON can be read without"
                ) from e
    try:
        value = load(text)
    except Exception as e:
        raise Misuse(f"{name} is not YAML: {e}") from e
    return {} if value is None else _jsonlike(value)


def _loader(yaml: Any) -> Any:
    """Give PyYAML's safe_load, which refuses a key that stands twice, as ruamel's does, in place of taking the last one."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            seen: set[str] = set()
            for key, _ in node.value:
                if not isinstance(key.value, str) or key.value == "<<":
                    continue
                if key.value in seen:
                    raise yaml.composer.ComposerError(
                        None, None, f"{key.value} stands twice", key.start_mark
                    )
                seen.add(key.value)
            return node

    return lambda text: yaml.load(text, Loader)


def _jsonlike(value: Any) -> Any:
    """Turn dates into text, as YAML has them without quotes and JSON Schema does not know them."""
    if isinstance(value, dict):
        return {str(k): _jsonlike(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_jsonlike(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def _show_plan(progress: str) -> None:
    if progress == "json":
        print(json.dumps(metadata.TASKS))
        return
    for i, t in enumerate(metadata.TASKS, 1):
        line = f"{i}/{len(metadata.TASKS)} {t['id']}: {t['method']} {t['task']}"
        if t["needs"]:
            line += " with " + ", ".join(t["needs"])
        if t["skipif"]:
            line += ", unless " + " or ".join(t["skipif"])
        print(line + (f"  # {t['name']}" if t["name"] else ""))


def _trace(args: argparse.Namespace, place: results.Place) -> None:
    if args.otel_exporter is None:
        return
    try:
        importlib.import_module("opentelemetry.sdk.trace")
        tracing = importlib.import_module("wt_task.tracing")
    except ImportError as e:
        raise Misuse(f"--otel-exporter needs opentelemetry-sdk: {e}") from e
    if args.otel_exporter == "gcp":
        tracing.configure_tracer(metadata.NAME, metadata.VERSION, "gcp")
    else:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        more: dict[str, Any] = {}
        if args.otel_console_exporter_dst == "file":
            if place.folder is None:
                raise Misuse("spans can go to a file only where results go to a folder")
            more = {
                "out": (place.folder / "otel_traces.jsonl").open("a", buffering=1),
                "formatter": lambda span: span.to_json(indent=None) + "\n",
            }
        provider = sdk.TracerProvider()
        provider.add_span_processor(
            export.SimpleSpanProcessor(export.ConsoleSpanExporter(**more))
        )
        importlib.import_module("opentelemetry.trace").set_tracer_provider(provider)
    if parent := os.environ.get("TRACEPARENT"):
        tracing.attach_context(parent, os.environ.get("TRACESTATE"))
