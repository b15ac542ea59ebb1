"""Runs a workflow's package once, as its command line or its server, and writes what came of it as JSON. It ends with 0 whatever the workflow does.

What differs from run to run is left out of what it writes: identifiers, addresses of objects, paths of temporary folders.
"""
import argparse
import http.client
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b")
TEMPORARY = re.compile(r"/tmp[a-z0-9_]{8}(?=[/.]|\b)")  # as tempfile makes them
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
MOCKED = re.compile(r"create_func_magicmock\(\s*(?:anchor=)?[\"']([^\"']+)[\"'],\s*(?:func_name=)?[\"']([^\"']+)[\"']")


class Plain:
    """Takes out of texts what is another in each run."""

    def __init__(self, places):
        self.places = sorted(((p, name) for at, name in places for p in {at, os.path.realpath(at)}), key=lambda x: -len(x[0]))

    def text(self, s):
        for at, name in self.places:
            s = s.replace(at, name)
        return TEMPORARY.sub("/tmp", ADDRESS.sub("0x", UUID.sub("uuid", s)))

    def value(self, v):
        if isinstance(v, str):
            return self.text(v)
        if isinstance(v, list):
            return [self.value(x) for x in v]
        if isinstance(v, dict):
            return {self.text(k): self.value(x) for k, x in v.items()}
        return v


class Unknown(Exception):
    """What is asked for cannot be done with this workflow."""


class Socket(http.client.HTTPConnection):
    """HTTP over a socket of the file system, which needs no free port."""

    def __init__(self, at, timeout):
        super().__init__("localhost", timeout=timeout)
        self.at = at

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.at)


def end(process):
    """Ends a process with all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def cli(o, env, results):
    with open(o.scratch + "/stdout", "w+b") as out, open(o.scratch + "/stderr", "w+b") as err:
        process = subprocess.Popen([sys.executable, "-s", "-B", "-m", o.module, "run", "--config-file", o.params, "--execution-mode", o.mode, *o.mocking, "--progress", "none"],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=o.folder, start_new_session=True)
        try:
            code = process.wait(o.limit)
        except subprocess.TimeoutExpired:
            code = None
        end(process)
    with open(o.scratch + "/stdout", encoding="utf-8", errors="replace") as f:
        said = {"exit": code, "stdout": f.read()}
    if code is None:
        return {**said, "end": "it took longer than %g s" % o.limit}
    if code < 0:
        said["end"] = "it was ended by signal %d" % -code
    try:
        with open(results + "/result.json", encoding="utf-8") as f:
            said.update(json.load(f))
    except (OSError, ValueError):
        said["end"] = said.get("end") or "it ended with exit code %d and wrote no result.json" % code
        said["stderr"] = tail(o.scratch + "/stderr")
    return {**said, "status": {0: 200, 2: 422}.get(code, 500)}


def tail(file):
    with open(file, encoding="utf-8", errors="replace") as f:
        return f.read()[-4000:]


def ask(at, method, path, body, limit):
    c = Socket(at, limit)
    try:
        c.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        r = c.getresponse()
        text = r.read().decode("utf-8", "replace")
        try:
            return r.status, json.loads(text)
        except ValueError:
            return r.status, text
    finally:
        c.close()


def rest(o, env, results):
    at = o.scratch + "/socket"
    with open(o.params, encoding="utf-8") as f:
        params = json.load(f)
    with open(o.scratch + "/stderr", "w+b") as err:
        process = subprocess.Popen([sys.executable, "-s", "-B", "-m", o.module, "serve", "--unix", at], stdin=subprocess.DEVNULL, stdout=err, stderr=err, env=env, cwd=o.folder,
                                   start_new_session=True)
    try:
        return served(o, process, at, params, results)
    finally:
        end(process)


def served(o, process, at, params, results):
    until = time.monotonic() + max(o.limit, 120)  # the limit is the case's, not the server's
    while True:
        try:
            ask(at, "GET", "/", None, 5)
            break
        except OSError:
            if process.poll() is not None:
                return {"end": "the server ended with exit code %d before it answered" % process.returncode, "stderr": tail(o.scratch + "/stderr")}
            if time.monotonic() > until:
                return {"end": "the server did not answer for 2 minutes", "stderr": tail(o.scratch + "/stderr")}
            time.sleep(0.02)
    mock = "true" if "--mock-io" in o.mocking else "false"
    try:
        status, body = ask(at, "POST", "/?execution_mode=%s&mock_io=%s&results_url=%s" % (o.mode, mock, results.replace(" ", "%20")), {"params": params}, o.limit)
    except TimeoutError:
        return {"end": "it took longer than %g s" % o.limit}
    except (OSError, http.client.HTTPException) as e:
        return {"end": "the server did not answer POST /: %r" % e, "stderr": tail(o.scratch + "/stderr")}
    said = {"status": status}
    if isinstance(body, dict) and "detail" in body:
        said.update(result=None, error=refused(body["detail"]), trace=None)
    elif isinstance(body, dict):
        said.update(body)
    else:
        said["end"], said["stderr"] = "what it answered is no JSON object: %.200s" % body, tail(o.scratch + "/stderr")
    if status == 200:
        said["trip"] = trip(at, params, o.limit)
    return said


def refused(detail):
    """Says what is wrong with parameters in the words of the command line."""
    if not isinstance(detail, list):
        return str(detail)
    return "invalid parameters: " + "; ".join("%s: %s" % (".".join(str(p) for p in d["path"]) or "parameters", d["message"]) for d in detail)


def trip(at, params, limit):
    """Turns parameters into a form's data and back; says what went wrong, "" for nothing."""
    status, form = ask(at, "POST", "/params-to-formdata", params, limit)
    if status != 200:
        return "POST /params-to-formdata answers with %d: %s" % (status, json.dumps(form))
    status, back = ask(at, "POST", "/formdata-to-params", form, limit)
    if status != 200:
        return "POST /formdata-to-params answers with %d: %s" % (status, json.dumps(back))
    if back != params:
        return "as a form's data and back, %s is %s" % (json.dumps(params), json.dumps(back))
    return ""


def strangers(o):
    """Says which instances of the parameters the workflow does not have."""
    with open(o.params, encoding="utf-8") as f:
        given = json.load(f)
    for folder in o.path:
        try:
            with open(os.path.join(folder, o.module, "params.json"), encoding="utf-8") as f:
                known = sorted(json.load(f).get("properties", {}))
        except FileNotFoundError:
            continue
        return {"unknown": sorted(set(given) - set(known)), "known": known}
    return {}


def examples(o):
    """Gives the tasks that the package replaces by examples: module and function."""
    for folder in o.path:
        try:
            with open(os.path.join(folder, o.module, "dags", "run_sequential_mock_io.py"), encoding="utf-8") as f:
                return MOCKED.findall(f.read())
        except FileNotFoundError:
            continue
    return []


def nodata(o):
    """Writes an empty example for each task that has one, and gives the variables that name them."""
    sys.path[:0] = o.path
    env = {}
    for module, function in examples(o):
        stem = function.replace("_", "-") + ".example-return"
        beside = os.path.dirname(importlib.import_module(module).__file__)
        found = [os.path.join(beside, f) for f in os.listdir(beside) if os.path.splitext(f)[0] == stem]
        if len(found) != 1:
            raise Unknown("nodata empties examples, and %s has no %s, or several" % (module, stem))
        example = found[0]
        to = "%s/%d%s" % (o.scratch, len(env), os.path.splitext(example)[1])
        if example.endswith(".json"):
            with open(example, encoding="utf-8") as f, open(to, "w", encoding="utf-8") as g:
                json.dump(type(json.load(f))(), g)
        elif example.endswith(".parquet"):
            empty(example, to)
        else:
            raise Unknown("nodata does not know what is empty of the kind of %s" % os.path.basename(example))
        env["WT_TASK_MOCK_IO__%s_%s" % (module.replace(".", "_").upper(), function.upper())] = to
    if not env:
        raise Unknown("nodata empties examples, and the workflow has no task that one stands in for")
    return env


def empty(example, to):
    try:
        import geopandas

        frame = geopandas.read_parquet(example)
    except (ImportError, ValueError):
        import pandas

        frame = pandas.read_parquet(example)
    frame.iloc[:0].to_parquet(to)


def depfile(o, log, watch, root):
    with open(watch, encoding="utf-8") as f:
        names = set(f.read().split("\n"))
    try:
        with open(log, encoding="utf-8") as f:
            read = set(f.read().split("\n"))
    except FileNotFoundError:
        read = set()
    if "*" not in read:
        # Who reads an example may be machine code, which says nothing; which examples there are to read is known.
        # They lie in a task's package, or beside its module.
        stems = [(m.replace(".", "/"), f.replace("_", "-") + ".example-return.") for m, f in examples(o)] if o.mock_io else []
        for folder in o.path:
            for module, stem in stems:
                at = tuple(os.path.relpath(os.path.join(folder, d, stem), root) for d in (module, os.path.dirname(module)))
                read.update(n for n in names if n.startswith(at))
        names &= read
    with open(o.depfile, "w", encoding="utf-8") as f:
        f.write("run:" + "".join(" \\\n " + re.sub(r"([ #])", r"\\\1", n).replace("$", "$$") for n in sorted(names)) + "\n")


def main():
    p = argparse.ArgumentParser()
    for name in ("module", "params", "mode", "api", "out", "folder"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--limit", type=float, required=True)
    p.add_argument("--path", action="append", default=[])
    p.add_argument("--mock", action="append", default=[])
    p.add_argument("--mock-io", action="store_true")
    p.add_argument("--nodata", action="store_true")
    p.add_argument("--depfile")
    o = p.parse_args()
    tools, root = os.path.dirname(os.path.abspath(__file__)), os.getcwd()
    for name in ("params", "out", "folder"):
        setattr(o, name, os.path.abspath(getattr(o, name)))
    os.makedirs(o.folder, exist_ok=True)  # a package without files of its own is not there
    o.path = [os.path.abspath(d) for d in o.path]
    o.mocking = ["--mock-io" if o.mock_io else "--no-mock-io"]
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp", ignore_cleanup_errors=True) as o.scratch:  # a socket's path has to be short
        run(o, tools, root)


def run(o, tools, root):
    results, log = o.scratch + "/results", o.scratch + "/reads"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([tools + "/hook", *o.path]), "WT_RESULTS": results, "PYTHONNOUSERSITE": "1"}
    for mock in o.mock:
        name, _, value = mock.partition("=")
        env[name] = value if "://" in value else os.path.abspath(value)
    if o.depfile:
        env.update(CAIRN_READS_LOG=log, CAIRN_READS_WATCH=tools + "/watch", CAIRN_READS_ROOT=root)
    try:
        if o.nodata:
            env.update(nodata(o))
        said = {"cli": cli, "rest": rest}[o.api](o, env, results)
    except Unknown as e:
        said = {"end": str(e)}
    if said.get("status") == 422:
        said.update(strangers(o))
    said = Plain([(results, "$WT_RESULTS"), (o.scratch, "$TMP"), (root + "/", "")]).value(said)
    with open(o.out, "w", encoding="utf-8") as f:
        json.dump(said, f, ensure_ascii=False, indent=1, sort_keys=True)
    if o.depfile:
        depfile(o, log, tools + "/watch", root)


main()
