"""Runs the functions of a script as cairn asks for them.

usage: runner.py [--calls FILE] SCRIPT [ARGUMENT...]

Imports SCRIPT from its source as the module user_module, calls its `init` if it has one, and then its `main`, with the arguments
that FILE says: {"init": {"args": [...], "kwargs": {...}}, "main": {...}}. Standard input, output and errors are the script's.

With CAIRN_RUNNER in the environment it is told what to do over descriptor 3, and says how it goes over 4, in newline JSON (see
graph/procedure/protocol.go); between init and main it waits. FILE does not count then.
"""
import os
import sys

COMMANDS, EVENTS = 3, 4
LONGEST = 1 << 20


class Lost(Exception):
    """The descriptors are no longer those that cairn has opened."""


class Line:
    """What cairn has opened: never inherited, and out of the way of what the script opens and closes."""

    def __init__(self, commands, events):
        import fcntl
        self.ends = []
        for fd in (commands, events):
            try:
                at = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 200)
            except OSError:  # a limit below 200
                at = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(fd)
            self.ends.append((at, self.identity(at)))
        self.token, self.rest = "", b""

    @staticmethod
    def identity(fd):
        found = os.fstat(fd)
        return found.st_dev, found.st_ino

    def end(self, which):
        """A descriptor, if it is still what it was: the script may have closed it, and opened a file of its own in its place."""
        fd, was = self.ends[which]
        try:
            if self.identity(fd) == was:
                return fd
        except OSError:
            pass
        raise Lost

    def told(self):
        """The next thing to do; None when nothing more comes."""
        import json
        while b"\n" not in self.rest:
            more = os.read(self.end(0), 1 << 16)
            if not more:
                return None
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return json.loads(line)

    def say(self, event, **more):
        import json
        data = json.dumps(dict(more, token=self.token, event=event)).encode() + b"\n"
        while data:
            data = data[os.write(self.end(1), data):]


class Alone:
    """Tells what to do where nobody else does."""

    def __init__(self, init, main):
        self.token = ""
        self.orders = [dict(init, do="init"), dict(main, do="main")]

    def told(self):
        return self.orders.pop(0)

    def say(self, event, init=True, **_):
        if not init:
            del self.orders[0]


def load(path):
    """Imports a script from its source; bytecode that lies beside it is not looked at."""
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_file_location
    with open(path, "rb") as f:
        source = f.read()
    spec = spec_from_file_location("user_module", path, loader=SourceFileLoader("user_module", path))
    module = module_from_spec(spec)
    module.__file__ = path
    sys.modules["user_module"] = module
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
    return module


def cut(tb):
    """A traceback without this file's part at its start."""
    while tb is not None and tb.tb_frame.f_code.co_filename == cut.__code__.co_filename:
        tb = tb.tb_next
    return tb


def shown(kind, e, tb):
    import traceback
    try:
        text = "".join(traceback.format_exception(kind, e, tb))
    except Exception as other:  # an exception may be broken in any way
        text = "Traceback of a %s that cannot be shown (%s)\n" % (kind.__name__, type(other).__name__)
    if len(text) > LONGEST:
        text = text[:LONGEST // 2] + "\n[...]\n" + text[-LONGEST // 2:]
    return text


def brief(e):
    try:
        return str(e)[:4096]
    except Exception:
        return ""


def fail(line, during, e):
    """Says what was raised, shows it as Python does, and gives the exit code that Python would."""
    kind, tb = type(e), cut(e.__traceback__)
    if isinstance(e, SystemExit):
        code = e.code
        if code is None:
            code = 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
        code &= 0xFF
        if code or during != "main":
            tell(line, "failed", during=during, type="SystemExit", message=brief(e), text="")
        return code if during == "main" else code or 1
    e.__traceback__ = tb
    tell(line, "failed", during=during, type=kind.__name__, message=brief(e), text=shown(kind, e, tb))
    try:
        sys.excepthook(kind, e, tb)
    except Exception:
        sys.__excepthook__(kind, e, tb)
    if isinstance(e, KeyboardInterrupt):
        flush()
        import signal
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def tell(line, event, **more):
    try:
        line.say(event, **more)
    except (Lost, OSError):
        pass  # the exit code says it as well


def flush():
    for f in (sys.stdout, sys.stderr):
        try:
            f.flush()
        except Exception:
            pass


def call(line, module, name, how):
    """Calls a function of the script; gives an exit code where that is its end, else None."""
    try:
        function = getattr(module, name)
    except AttributeError:
        text = "the script has no function %s" % name
        print("cairn: " + text, file=sys.stderr)
        tell(line, "failed", during=name, type="AttributeError", message=text, text="")
        return 1
    try:
        function(*how.get("args", ()), **how.get("kwargs", {}))
    except BaseException as e:
        return fail(line, name, e)
    return None


def run(line, path):
    try:
        module = load(path)
    except BaseException as e:
        return fail(line, "load", e)
    line.say("loaded", init=hasattr(module, "init"), main=hasattr(module, "main"))
    while True:
        try:
            order = line.told()
        except KeyboardInterrupt:
            return 130
        if order is None:
            return 0
        code = call(line, module, order["do"], order)
        if code is not None:
            return code
        if order["do"] == "main":
            tell(line, "main")
            return 0
        line.say(order["do"])


def calls(file):
    if not file:
        return {}
    import json
    with open(file, encoding="utf-8") as f:
        return json.load(f)


def main():
    argv = sys.argv[1:]
    file = ""
    if argv[0] == "--calls":
        file, argv = argv[1], argv[2:]
    path = os.path.abspath(argv[0])
    sys.argv[:] = [path] + argv[1:]
    if os.environ.pop("CAIRN_RUNNER", None) is None:
        how = calls(file)
        return run(Alone(how.get("init") or {}, how.get("main") or {}), path)
    line = Line(COMMANDS, EVENTS)
    try:
        order = line.told()
        if order is None:
            return 0
        line.token = order["token"]
        return run(line, path)
    except (Lost, BrokenPipeError):
        print("cairn: the script has closed the descriptors that cairn and it talk over", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
