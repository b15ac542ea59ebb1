"""Imports the modules that register tasks and writes what their tasks are.

usage: registry.py ARGS.json

It says: out, the folder that is written; depfile ("" for none) and watch, the files of which it tells those that were read; path, folders to import
from; adapter, a folder that is imported from where the environment has no ecoscope_workflows_core; generation, "auto", "a" or "c"; entries,
[group, name, value] of entry points; project, a folder whose pyproject.toml has them; installed, whether those of the environment
count; modules, which are imported in place of entry points; own, whether only tasks of what is named count.

In out: names/<function>.json, a list of all tasks of that name, and registry.json, which has what `wt-registry --format json` prints and, for each
task, besides: accepts and returns (see shape.py; null where nothing is known), mock, the extension of the example of what it returns, object,
whether its name is bound to an object whose func is the function, adapter, whether it needs the adapter to be imported, rest, whether it takes arguments of any name.
"""
import importlib
import importlib.util
import inspect
import io
import json
import os
import sys
import tempfile
import traceback
import types
import typing

HERE = os.path.dirname(os.path.abspath(__file__))
GROUP_A, GROUP_C = "ecoscope_workflows", "wt_registry"
CORE_A = "ecoscope_workflows_core"
PROGRAMS = {"subprocess.Popen", "os.posix_spawn", "os.system", "os.exec", "os.spawn", "os.fork", "os.forkpty"}


def own(name):
    """Loads a module that lies beside this file, whatever else has its name."""
    spec = importlib.util.spec_from_file_location("_cairn_" + name, os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def say(text):
    sys.stderr.write(text.rstrip() + "\n")


def watch(files):
    """Gives a set that what Python opens of files is added to."""
    seen, known = set(), {}
    for f in files:
        for at in (os.path.abspath(f), os.path.realpath(f)):
            known[at] = f

    def audit(event, args):
        if event == "open" and isinstance(args[0], (str, bytes)):
            at = os.path.abspath(os.fsdecode(args[0]))
            if at in known:
                seen.add(known[at])
        elif event in PROGRAMS:  # which may read any of them
            seen.update(files)

    if files:
        sys.addaudithook(audit)
    return seen


def depfile(paths):
    """Gives a depfile in Make's syntax."""
    def word(p):
        return p.replace(" ", "\\ ").replace("#", "\\#").replace("$", "$$")
    return "registry:" + "".join(" \\\n " + word(p) for p in sorted(paths)) + "\n"


def their_traceback(error):
    """The traceback from the first frame that is neither cairn's nor the import system's, with paths as the workspace has them."""
    te = traceback.TracebackException.from_exception(error)
    top = os.getcwd() + os.sep
    one, seen = te, set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        theirs = [f for f in one.stack if not f.filename.startswith((HERE + os.sep, "<frozen importlib")) and os.path.dirname(f.filename) != os.path.dirname(importlib.__file__)]
        for f in theirs:
            f.line  # is read now: the file's name is another soon
            if f.filename.startswith(top):
                f.filename = f.filename[len(top):]
        one.stack[:] = theirs
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    if isinstance(error, SyntaxError) and te.filename and te.filename.startswith(top):
        te.filename = te.filename[len(top):]
    return "".join(te.format())


class Entry(typing.NamedTuple):
    group: str
    name: str
    value: str
    package: str  # "" where it is not known

    @property
    def module(self):
        return self.value.split(":")[0].split("[")[0].strip()

    def words(self):
        if not self.group:
            return "module " + self.module
        return 'entry point %s of group "%s"%s' % (self.name + " = " + self.value, self.group, " of " + self.package if self.package else "")


def project_entries(folder):
    """Reads the entry points of a project's pyproject.toml."""
    try:
        import tomllib
    except ImportError:
        sys.exit("Reading the project's pyproject.toml needs Python 3.11 or newer; name its modules instead: modules = [\"pkg.tasks\"].")
    try:
        with open(os.path.join(folder, "pyproject.toml"), "rb") as f:
            doc = tomllib.load(f)
    except OSError:
        sys.exit("The project has no pyproject.toml, which would name its entry points; name its modules instead: modules = [\"pkg.tasks\"].")
    except ValueError as e:
        sys.exit("The project's pyproject.toml cannot be read: %s" % e)
    project = doc.get("project", {})
    poetry = doc.get("tool", {}).get("poetry", {})
    groups = {**poetry.get("plugins", {}), **project.get("entry-points", {})}
    package = project.get("name") or poetry.get("name") or ""
    return [Entry(g, n, v, package) for g in (GROUP_C, GROUP_A) for n, v in sorted(groups.get(g, {}).items())]


def installed_entries():
    """Gives the entry points of what the environment has."""
    from importlib import metadata
    out = {}
    for dist in metadata.distributions():
        for ep in dist.entry_points:
            if ep.group in (GROUP_A, GROUP_C):
                out.setdefault((ep.group, ep.name, ep.value), Entry(ep.group, ep.name, ep.value, "%s %s" % (dist.metadata["Name"], dist.version)))
    return [out[k] for k in sorted(out, key=lambda k: (k[0] != GROUP_C, k))]


def load(entry):
    """Imports the module of an entry point; None where that fails, which is said."""
    try:
        return importlib.import_module(entry.module)
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as e:
        if e.name and e.name.split(".")[0] in (GROUP_C, "wt_task", "pydantic"):
            package = e.name.split(".")[0].replace("_", "-")
            say("The %s cannot be imported, because the environment has no %s.\nAdd %s to what the environment's lock is made from." % (entry.words(), package, package))
        else:
            say("The %s cannot be imported:\n%s" % (entry.words(), their_traceback(e)))
    except BaseException as e:
        say("The %s cannot be imported:\n%s" % (entry.words(), their_traceback(e)))
    return None


def members(module):
    """The public attributes of a module, sorted; those that cannot be had are left out."""
    for name in sorted(set(dir(module))):
        if not name.startswith("_"):
            try:
                yield name, getattr(module, name)
            except Exception:
                continue


def walk(module):
    """The module and the modules of its own package that its attributes lead to, each once."""
    top, seen, todo = module.__name__.split(".")[0], {}, [module]
    while todo:
        m = todo.pop(0)
        if m.__name__ in seen:
            continue
        seen[m.__name__] = m
        todo += [v for _, v in members(m) if isinstance(v, types.ModuleType) and v.__name__.split(".")[0] == top]
    return list(seen.values())


def function_of(obj):
    """The function of a task of generation A, and its tags; None for all else."""
    if not isinstance(obj, type) and getattr(obj, "__ecoscope_task__", False) is True:
        return obj, obj.tags
    if not isinstance(obj, type) and type(obj).__name__ in ("SyncTask", "AsyncTask", "distributed") and callable(getattr(obj, "func", None)):
        return obj.func, getattr(obj, "tags", None) or []
    return None


class Found(typing.NamedTuple):
    function: typing.Callable
    module: str
    name: str
    public: str
    metadata: dict
    object: bool
    generation: str


def publish(found, modules):
    """Gives tasks the shortest of the modules that have them as an attribute of the task's own name."""
    shortest = {}
    for m in modules:
        for name, obj in members(m):
            task = function_of(obj)
            key = (getattr(task[0] if task else obj, "__module__", None), name)
            best = shortest.get(key)
            if callable(obj) and (best is None or (len(m.__name__), m.__name__) < (len(best), best)):
                shortest[key] = m.__name__
    return [f._replace(public=shortest.get((f.module, f.name), f.module)) for f in found]


def tasks_c():
    """The tasks that @register has noted."""
    from wt_registry import get_registry
    out = []
    for entry in get_registry().values():
        m = entry.metadata
        meta = {"title": m.title, "description": m.description, "tags": list(m.tags), "deprecated": m.deprecated, "deprecation_message": m.deprecation_message}
        out.append(Found(entry._func_ref, entry.module_path, entry.function_name, "", meta, False, "c"))
    return out


def tasks_a(modules):
    """The tasks that @task has made."""
    out = {}
    for m in modules:
        for name, obj in members(m):
            task = function_of(obj)
            if not task:
                continue
            f, tags = task
            doc = inspect.getdoc(f)
            meta = {"title": name.replace("_", " ").title(), "description": doc, "tags": [str(getattr(t, "value", t)) for t in tags], "deprecated": False, "deprecation_message": None}
            out[(f.__module__, name)] = Found(f, f.__module__, name, "", meta, f is not obj, "a")
    return list(out.values())


def installed(module):
    """Whether a module is the environment's: packages of one namespace may lie at several places."""
    at = getattr(sys.modules.get(module), "__file__", None) or ""
    return at.startswith(sys.prefix + os.sep)


def collect(c):
    """Imports all and gives the tasks; says what is wrong and gives None."""
    if c["modules"]:
        entries = [Entry("", m, m, "") for m in c["modules"] or []]
    elif c["project"]:
        entries = project_entries(c["project"])
    elif c["installed"]:
        entries = installed_entries()
    else:
        entries = [Entry(*e, "") for e in c["entries"] or []]
    groups = {"a": (GROUP_A, ""), "c": (GROUP_C, "")}.get(c["generation"], (GROUP_A, GROUP_C, ""))
    entries = [e for e in entries if e.group in groups]
    if not entries:
        say("No entry point of group \"%s\" or \"%s\" was found, so nothing registers tasks." % (GROUP_C, GROUP_A))
        return None
    loaded = [(e, load(e)) for e in entries]
    if any(m is None for _, m in loaded):
        return None
    modules = {}
    for e, m in loaded:
        for w in walk(m):
            modules.setdefault(w.__name__, w)
    found = []
    if c["generation"] != "c":
        found += tasks_a([w for e, m in loaded if e.group != GROUP_C for w in walk(m)])
    if GROUP_C in sys.modules:
        have = {(f.module, f.name) for f in found}
        found += [f for f in tasks_c() if (f.module, f.name) not in have]
    elif c["generation"] == "c" or any(e.group == GROUP_C for e in entries):
        if importlib.util.find_spec(GROUP_C) is None:
            say("The environment has no wt-registry, which a package of group \"%s\" registers its tasks with.\nAdd wt-registry to what the environment's lock is made from." % GROUP_C)
            return None
    if c["own"]:
        tops = {e.module.split(".")[0] for e in entries}
        found = [f for f in found if f.module.split(".")[0] in tops and not installed(f.module)]
    return publish(found, modules.values())


class Kept(io.StringIO):
    """What is printed, also after a module has closed it."""

    def close(self):
        pass


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        c = json.load(f)
    seen = watch(c["watch"])
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != HERE]
    sys.path[:0] = [os.path.abspath(p) for p in c["path"] or []]
    if c["adapter"] and importlib.util.find_spec(CORE_A) is None:
        sys.path.append(os.path.abspath(c["adapter"]))
    sys.stdout = kept = Kept()  # what modules print is shown where they fail
    with tempfile.TemporaryDirectory() as settings:  # where matplotlib keeps its own, so that it need not complain
        os.environ.setdefault("MPLCONFIGDIR", settings)
        found = collect(c)
    printed, sys.stdout = kept.getvalue(), sys.stderr
    if found is None:
        if printed:
            say("The modules printed:\n" + printed)
        return 1
    task, shape = own("describe"), own("shape")
    entries, problems, make = {}, [], None
    for f in sorted(found, key=lambda f: (f.module, f.name)):
        name = f.module + "." + f.name
        problem = task.wrong(f)
        if problem is None:
            try:
                make = make or task.generator(shape.name_of)
                entries[name] = task.describe(f, make, shape.shapes)
            except task.Wrong as e:
                problem = str(e)
            except Exception as e:
                problem = "its arguments have no JSON Schema: %s" % str(e).split("\n")[0]
        if problem:
            problems.append("Task %s: %s." % (name, problem.rstrip(".")))
    names = {}
    for name, e in entries.items():
        names.setdefault(e["function_name"], []).append(e)
    if c["generation"] == "a":  # such specs have no dotted names
        for name, es in sorted(names.items()):
            if len(es) > 1:
                problems.append("Several tasks are named %s: in %s." % (name, " and ".join(sorted(e["module_path"] for e in es))))
    if problems:
        say("\n".join(problems))
        return 1
    os.makedirs(os.path.join(c["out"], "names"), exist_ok=True)
    for name, es in names.items():
        write(os.path.join(c["out"], "names", name + ".json"), sorted(es, key=lambda e: (e["public_module_path"], e["module_path"])))
    write(os.path.join(c["out"], "registry.json"), {"entries": entries, "version": "1.0.0"})
    if c["depfile"]:
        with open(c["depfile"], "w", encoding="utf-8") as f:
            f.write(depfile(seen))
    return 0


def write(path, value):
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
