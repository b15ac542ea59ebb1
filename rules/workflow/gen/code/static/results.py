"""Where the result of a run goes, and in which form."""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

VARIABLES = ["WT_RESULTS", "ECOSCOPE_WORKFLOWS_RESULTS"]
FILE = "result.json"


class Misuse(Exception):
    """Nothing was run: an option, a parameter or the environment is not as it has to be."""


class Place:
    """A folder, or an address of a store that obstore can write to."""

    def __init__(self, where: str) -> None:
        url = urlsplit(where)
        self.folder: Path | None = None
        self.url = where
        if "://" not in where:
            self.folder = Path(where)
        elif url.scheme == "file":
            if url.netloc not in ("", "localhost"):
                raise Misuse(f"results cannot go to {where}: that is another machine")
            self.folder = Path(unquote(url.path))

    def __str__(self) -> str:
        return str(self.folder or self.url)

    def _store(self) -> Any:
        try:
            store = importlib.import_module("obstore.store")
        except ImportError as e:
            raise Misuse(
                f"results can go to {self.url} only if obstore is installed; "
                "a folder or a file:// address needs nothing"
            ) from e
        return store.from_url(self.url)

    def announce(self) -> None:
        """Set the variables that tasks know the place by: the caller has set one of them, or another."""
        for name in VARIABLES:
            os.environ[name] = str(self)

    def clear(self) -> None:
        """Remove the result of an earlier run, so that it is never taken for this one's."""
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / FILE).unlink(missing_ok=True)
            except OSError as e:
                raise Misuse(f"results cannot go to {self}: {e.strerror}") from e
            except ValueError as e:
                raise Misuse(f"results cannot go to {str(self)!r}: {e}") from e
            return
        store = self._store()
        try:
            store.delete(FILE)
        except FileNotFoundError:
            pass

    def write(self, outcome: dict[str, Any]) -> None:
        """Write result.json: there is the whole of it or none."""
        data = json.dumps(outcome, ensure_ascii=False).encode("utf-8", "replace")
        if self.folder is None:
            self._store().put(FILE, data)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(prefix=f".{FILE}.", dir=self.folder)
        try:
            with os.fdopen(fd, "wb") as f:
                f.write(data)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, self.folder / FILE)
        except BaseException:
            os.unlink(name)
            raise

    def read(self) -> dict[str, Any] | None:
        """Give the outcome of the run, None if there is none."""
        try:
            if self.folder is None:
                data = bytes(self._store().get(FILE).bytes())
            else:
                data = (self.folder / FILE).read_bytes()
            value = json.loads(data)
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def place(variable: str | None = None) -> Place:
    """Give the place that the environment names."""
    for name in [variable] if variable else VARIABLES:
        if where := os.environ.get(name):
            return Place(where)
    raise Misuse(
        f"the environment variable {variable or VARIABLES[0]} is not set: "
        "it names the folder, or the file:// address, that results are written to"
    )


def program(*words: str) -> list[str]:
    """Give the command of this package in another process, with an interpreter that is set up as this one."""
    flags = {
        "isolated": "-I",
        "ignore_environment": "-E",
        "no_user_site": "-s",
        "safe_path": "-P",
        "dont_write_bytecode": "-B",
    }
    given = [f for name, f in flags.items() if getattr(sys.flags, name, 0)]
    return [sys.executable, *given, "-m", str(__package__), *words]


def outcome(
    result: Any = None, error: str | None = None, trace: str | None = None
) -> dict[str, Any]:
    """Give what result.json holds."""
    return {"result": result, "error": error, "trace": trace}


def report(words: list[str], error: str) -> None:
    """Write the error of a command line that could not be understood, if it can be known where to."""
    variable = None
    for i, word in enumerate(words):
        if word == "--results-env-var" and i + 1 < len(words):
            variable = words[i + 1]
        elif word.startswith("--results-env-var="):
            variable = word.partition("=")[2]
    try:
        place(variable).write(outcome(error=error))
    except (Misuse, OSError):
        pass


def plain(value: Any) -> Any:
    """Turn a result into what JSON can say: models and frames by their own JSON form, what has none by its repr."""
    from pydantic_core import to_json

    try:
        text = to_json(value, fallback=_plain, inf_nan_mode="null", bytes_mode="base64")
    except Exception as e:
        raise ValueError(f"the result cannot be written as JSON: {e}") from e
    return json.loads(text)


def _plain(value: Any) -> Any:
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if kind.__name__ == "SkipSentinel":
        return None
    if root == "geopandas":
        return json.loads(value.to_json())
    if root == "pandas" and kind.__name__ in ("DataFrame", "Series"):
        return json.loads(value.to_json(orient="split", date_format="iso"))
    if root == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return repr(value)
