"""Runs one check of a python_test: pytest, doctest, lint, format or types.

usage: pythontest.py CHECK --folder=F [--path=F ...] [--config=FILE] [--ruff=PROGRAM] [--arg=WORD ...] -- FILE...

Paths are relative to where it starts. The tool starts in the folder of its settings, as it does for a person, and sees no settings but these.
What a tool says is passed on as it is; the exit code is 0 where all is well, else 1.
"""
import importlib.util
import os
import subprocess
import sys

NAMES = {"pytest": "pytest", "doctest": "pytest", "lint": "ruff", "format": "ruff", "types": "mypy"}


def missing(tool):
    sys.exit("The environment has no %s. Add `%s` to the requirements that its lock is made from, and lock anew." % (tool, tool))


def has_section(config, section):
    """Says whether a settings file is one for the tool: a pyproject.toml may be there for others."""
    if os.path.basename(config) != "pyproject.toml":
        return True
    import tomllib

    with open(config, "rb") as f:
        return section in tomllib.load(f).get("tool", {})


class Only:
    """Keeps pytest to the tests that the target names, whatever else lies in the folders."""

    def __init__(self, files):
        self.files = {os.path.realpath(f) for f in files}
        self.folders = set()
        for f in self.files:
            while f != os.path.dirname(f):
                f = os.path.dirname(f)
                self.folders.add(f)

    def pytest_ignore_collect(self, collection_path):
        at = os.path.realpath(collection_path)
        return None if at in self.files or at in self.folders else True


class OnlyDoctests:
    """Leaves out what is a test by its name."""

    def pytest_collection_modifyitems(self, config, items):
        from _pytest.doctest import DoctestItem

        items[:] = [i for i in items if isinstance(i, DoctestItem)]


def pytest(check, o, files):
    if importlib.util.find_spec("pytest") is None:
        missing("pytest")
    import pytest

    sys.path[:0] = o["path"]
    if o["path"]:
        os.environ["PYTHONPATH"] = os.pathsep.join(o["path"])
    os.chdir(o["cwd"])
    args = ["-p", "no:cacheprovider", "--rootdir=" + o["cwd"], "-c", o["config"] or os.devnull, "--color=no", "--tb=short", "-q", "-rfE", "--no-header"]
    if check == "doctest":
        plugins, nothing = [OnlyDoctests()], "no doctest was found in %s"
        files = [f for f in files if f.endswith(".py") and has_prompt(f)]
        if not files:
            sys.exit("no doctest was found: no file has a line that starts with >>>")
        args += ["--doctest-modules", *files]
    else:
        plugins, nothing = [Only(files)], "no tests were found, or none was chosen, in %s"
        here = o["cwd"] + os.sep
        args += sorted({o["cwd"] if f.startswith(here) else os.path.dirname(f) for f in files}) + o["arg"]
    code = int(pytest.main(args, plugins=plugins))
    sys.stdout.flush()
    if code == 5:
        sys.exit(nothing % ", ".join(os.path.relpath(f) for f in files if os.path.basename(f) != "conftest.py"))
    return code


def has_prompt(file):
    with open(file, encoding="utf-8", errors="replace") as f:
        return any(line.lstrip().startswith(">>>") for line in f)


def ruff(check, o, files):
    if not os.path.exists(o["ruff"]):
        missing("ruff")
    words = [o["ruff"], "check", "--no-fix"] if check == "lint" else [o["ruff"], "format", "--diff"]
    words += ["--no-cache", "--force-exclude", "--config=" + o["config"] if o["config"] else "--isolated"]
    # Excluded by the settings is what they say of files that are named, too; the rest of the tree is not looked at.
    code = subprocess.run([*words, *(os.path.relpath(f, o["cwd"]) for f in files)], cwd=o["cwd"], env={**os.environ, "NO_COLOR": "1"}).returncode
    if check == "format" and code == 1:
        print("`ruff format` writes it so.")
    return code


def types(o, files):
    if importlib.util.find_spec("mypy") is None:
        missing("mypy")
    import mypy.api

    os.chdir(o["cwd"])
    os.environ["MYPYPATH"] = os.pathsep.join(o["path"])
    config = o["config"] if o["config"] and has_section(o["config"], "mypy") else ""
    out, err, code = mypy.api.run(["--config-file=" + config, "--cache-dir=" + os.devnull, "--python-executable=" + sys.executable, "--namespace-packages",
                                   "--explicit-package-bases", "--no-color-output", "--show-error-context", *(os.path.relpath(f) for f in files)])
    sys.stderr.write(err)
    sys.stdout.write(out)
    return code


def main():
    check, at = sys.argv[1], sys.argv.index("--")
    o = {"folder": "", "config": "", "ruff": "", "path": [], "arg": []}
    for word in sys.argv[2:at]:
        name, _, value = word[2:].partition("=")
        if name != "arg":
            value = os.path.abspath(value)
        if isinstance(o[name], list):
            o[name].append(value)
        else:
            o[name] = value
    files = [os.path.abspath(f) for f in sys.argv[at + 1:]]
    o["cwd"] = os.path.dirname(o["config"]) if (o["folder"] + os.sep).startswith(os.path.dirname(o["config"] or os.devnull) + os.sep) else o["folder"]
    if sys.path and sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    tool = NAMES[check]
    code = {"pytest": pytest, "ruff": ruff}[tool](check, o, files) if tool != "mypy" else types(o, files)
    sys.exit(1 if code else 0)


main()
