"""The workflow over HTTP. Each run is a process with its own environment and its own results, so that runs never mix."""

import asyncio
import json
import os
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from fastapi import Body, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from wt_contracts import ValidationError, ValidationErrorResponse, validate

from . import metadata, results
from .door import Door, detail, limit
from .results import Misuse, Place, outcome
from .run import WANTED

# What a client may set in the environment of its run: connections, what the workflow itself names, and what WT_CLIENT_ENV lists (names and
# patterns with *, with commas between). Anything else could change which code is run, or which file of the server's is a mocked task's result.
_CLIENT_ENV = ["ecoscope_workflows__*"]

# A variable that is longer can keep a process from starting.
_LONGEST = 100_000

_WRAPPER = {"params", "data_connections_env_vars", "lithops_config"}


class Outcome(BaseModel):
    result: Any = None
    error: str | None = None
    trace: str | None = None


class Started(Outcome):
    results_url: str


class _Runs:
    """The processes there are, so that none outlives the server."""

    def __init__(self) -> None:
        self.processes: dict[asyncio.subprocess.Process, int] = {}
        self.starting = 0
        self.most = limit("WT_MAX_RUNS", 16)
        self.tasks: set[asyncio.Task[None]] = set()

    def full(self) -> bool:
        """Say whether there are as many as there may be."""
        return len(self.processes) + self.starting >= self.most

    async def start(
        self, words: list[str], params: Any, env: dict[str, str]
    ) -> asyncio.subprocess.Process:
        # The end that stays here closes with this process, however that ends.
        told, wanted = os.pipe()
        self.starting += 1
        try:
            process = await asyncio.create_subprocess_exec(
                *results.program("run", "--config-json", "-", "--no-print", *words),
                stdin=asyncio.subprocess.PIPE,
                stdout=2,  # with what is logged
                env={**env, WANTED: str(told)},
                pass_fds=[told],
                start_new_session=True,
            )
        except BaseException:
            os.close(wanted)
            raise
        finally:
            self.starting -= 1
            os.close(told)
        self.processes[process] = wanted
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(params).encode())
            await process.stdin.drain()
            process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended, and result.json says why
        return process

    async def wait(
        self,
        process: asyncio.subprocess.Process,
        timeout: float | None,
        request: Request | None,
    ) -> str | None:
        """Wait until a run ends; None, or why it was ended before."""
        ended = asyncio.create_task(process.wait())
        loop = asyncio.get_running_loop()
        until = None if timeout is None else loop.time() + timeout
        why = None
        try:
            while True:
                await asyncio.wait({ended}, timeout=0.2)
                if ended.done():
                    break
                if until is not None and loop.time() >= until:
                    why = f"the run was ended after {timeout} s, its timeout"
                    break
                if request is not None and await request.is_disconnected():
                    why = "the run was ended, as its client has gone"
                    break
        finally:
            if not ended.done():
                await asyncio.shield(self.stop(process))
            else:
                _kill(process.pid)  # what its tasks have left behind
            os.close(self.processes.pop(process))
        return why

    async def stop(self, process: asyncio.subprocess.Process) -> None:
        """End a run with all that it has started."""
        for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                return
            try:
                await asyncio.wait_for(process.wait(), patience)
            except asyncio.TimeoutError:
                continue
            if number == signal.SIGTERM:
                _kill(process.pid)  # what the run has started may not have heard
            return

    async def stop_all(self) -> None:
        await asyncio.gather(*(self.stop(p) for p in list(self.processes)))


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


_runs = _Runs()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await _runs.stop_all()


app = FastAPI(title=metadata.NAME, version=metadata.VERSION, lifespan=_lifespan)
app.add_middleware(GZipMiddleware, minimum_size=1000)
app.add_middleware(Door)


@app.exception_handler(RequestValidationError)
async def _refused(request: Request, e: RequestValidationError) -> JSONResponse:
    """Say what is wrong with a request in the form in which parameters are refused."""
    wrong = [
        {
            "message": x["msg"],
            "path": list(x["loc"]),
            "schema_path": [],
            "validator": x["type"],
            "input": x.get("input"),
        }
        for x in e.errors()
    ]
    return JSONResponse({"detail": _sendable(wrong)}, status_code=422)


@app.get("/")
def health() -> dict[str, str]:
    """Say that the server is there."""
    return {"status": "ok"}


@app.get("/rjsf")
def rjsf() -> dict[str, Any]:
    """Give the schema of the form."""
    return metadata.load_rjsf_schema()


@app.get("/params")
def params() -> dict[str, Any]:
    """Give the schema of the parameters."""
    return metadata.load_params_schema()


@app.get("/data-connection-property-names")
def data_connection_property_names() -> dict[str, list[str]]:
    """Say which instances take which connection."""
    return metadata.get_data_connection_property_names()


@app.get("/metadata")
def describe() -> dict[str, Any]:
    """Say what the workflow is."""
    return metadata.describe()


@app.get("/graph", response_class=Response)
def graph() -> Response:
    """Give the picture of the graph."""
    return Response(metadata.graph(), media_type="image/svg+xml")


@app.post("/formdata-to-params", responses={422: {"model": ValidationErrorResponse}})
def formdata_to_params(formdata: dict[str, Any]) -> dict[str, Any]:
    """Turn what a form gives into parameters."""
    try:
        return metadata.formdata_to_params(formdata)
    except ValidationError as e:
        raise HTTPException(422, detail=_sendable(e.errors)) from e


@app.post("/params-to-formdata", responses={422: {"model": ValidationErrorResponse}})
def params_to_formdata(params: dict[str, Any]) -> dict[str, Any]:
    """Turn parameters into what the form shows."""
    try:
        return metadata.params_to_formdata(params)
    except ValidationError as e:
        raise HTTPException(422, detail=_sendable(e.errors)) from e


@app.post(
    "/",
    response_model=Outcome,
    responses={
        202: {"model": Started},
        422: {"model": ValidationErrorResponse},
        500: {"model": Outcome},
        503: {"description": "As many runs are at work as there may be."},
    },
)
async def run(
    request: Request,
    body: dict[str, Any] = Body(
        description="Parameters by instance; or an object with params, and with data_connections_env_vars for the run's environment."
    ),
    execution_mode: Literal["sequential", "parallel", "async"] = "sequential",
    mock_io: bool = False,
    results_url: str | None = Query(
        None, description="A folder or an address that result.json goes to."
    ),
    wait: bool = Query(
        True, description="Wait for the result; else results_url is where it will be."
    ),
    timeout: float | None = Query(
        None, gt=0, description="After so many seconds the run is ended."
    ),
) -> JSONResponse:
    """Run the workflow."""
    if _runs.full():
        message = f"{_runs.most} runs are at work, as many as WT_MAX_RUNS allows"
        return JSONResponse(
            {"detail": [detail(message, [])]}, 503, {"Retry-After": "5"}
        )
    params, env = _read(body)
    with tempfile.TemporaryDirectory(prefix="wt-run-") as scratch:
        where = results_url
        if where is None:
            where = scratch if wait else _folder()
        try:
            if not where:
                raise Misuse("results cannot go to a place without a name")
            place = Place(where)
            place.clear()
        except Misuse as e:
            raise _refusal(str(e), ["query", "results_url"], where) from e
        try:
            validate(params, metadata.load_params_schema())
        except ValidationError as e:
            place.write(outcome(error=str(e)))
            raise HTTPException(422, detail=_sendable(e.errors)) from e
        words = ["--execution-mode", execution_mode, "--progress", "none"]
        if mock_io:
            words.append("--mock-io")
        try:
            process = await _runs.start(
                words,
                params,
                {**os.environ, **env, results.VARIABLES[0]: where},
            )
        except OSError as e:
            out = outcome(error=f"the run cannot be started: {e}")
            place.write(out)
            return JSONResponse(out, 500)
        if not wait:
            later = asyncio.create_task(_later(process, timeout, place))
            _runs.tasks.add(later)
            later.add_done_callback(_runs.tasks.discard)
            return JSONResponse({**outcome(), "results_url": where}, status_code=202)
        why = await _runs.wait(process, timeout, request)
        out = _outcome(process, place, why)
    return JSONResponse(out, status_code=200 if out.get("error") is None else 500)


async def _later(
    process: asyncio.subprocess.Process, timeout: float | None, place: Place
) -> None:
    _outcome(process, place, await _runs.wait(process, timeout, None))


def _outcome(
    process: asyncio.subprocess.Process, place: Place, why: str | None
) -> dict[str, Any]:
    """Give the outcome of a run that has ended, which is in its place then, too."""
    out = place.read()
    if why is None and out is not None:
        return out
    said = out.get("error") if out else None
    if why is not None:
        error = f"{said}: {why}" if said else why
    else:
        error = f"the run ended with exit code {process.returncode} and left no result"
    out = outcome(error=error)
    place.write(out)
    return out


def _read(body: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """Give parameters and environment of a request.

    The body is an object with params, as generation A has it, or the parameters themselves. It is the former if it holds
    params and nothing else that is unknown there; where an instance is called params, unless it is right as parameters.
    """
    if "params" not in body or set(body) - _WRAPPER:
        return body, {}
    if any(t["id"] == "params" for t in metadata.TASKS) and _valid(body):
        return body, {}
    env = body.get("data_connections_env_vars") or {}
    where = ["body", "data_connections_env_vars"]
    if not isinstance(env, dict):
        raise _refusal("names and values are needed", where, env)
    extra = os.environ.get("WT_CLIENT_ENV", "").split(",")
    may = [*_CLIENT_ENV, *(n.lower() for n in [*metadata.ENV, *extra] if n)]
    for name, value in env.items():
        if not any(fnmatchcase(name.lower(), pattern) for pattern in may):
            raise _refusal(
                f"a client may not set {name}; WT_CLIENT_ENV of the server lists what it may",
                [*where, name],
                None,
            )
        if not isinstance(value, str):
            raise _refusal("a text is needed", [*where, name], None)
        if "=" in name or not _fits(name) or not _fits(value):
            raise _refusal("no variable can be so", [*where, name], None)
    return body["params"], env


def _fits(text: str) -> bool:
    """Say whether the environment of a process can hold a text."""
    try:
        return "\0" not in text and len(text.encode()) <= _LONGEST
    except UnicodeEncodeError:
        return False


def _valid(params: Any) -> bool:
    try:
        validate(params, metadata.load_params_schema())
    except ValidationError:
        return False
    return True


def _refusal(message: str, path: list[str], value: Any) -> HTTPException:
    return HTTPException(422, detail=_sendable([detail(message, path, value)]))


def _sendable(value: Any) -> Any:
    """Give what of a client's own words an answer can hold: JSON has neither numbers without end nor halves of letters."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return json.loads(text.encode("utf-8", "replace"), parse_constant=lambda _: None)


def _folder() -> str:
    """Give a folder for the results of a run that nobody waits for."""
    base: str | Path = tempfile.gettempdir()
    try:
        named = results.place()
        base = named.folder or f"{named.url.rstrip('/')}"
    except Misuse:
        pass
    return f"{base}/run-{uuid.uuid4().hex}"
