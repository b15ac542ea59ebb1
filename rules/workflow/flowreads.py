"""Notes which of some files this process opens; Python imports it at the start of each of a test's processes, as sitecustomize.

CAIRN_READS_LOG is the file that names are appended to, a line each, at once: a process may end in any way. CAIRN_READS_WATCH is a
file of paths, relative to CAIRN_READS_ROOT. Where a program is started that cannot be watched, "*" is noted: it may read them all.
"""
import os
import sys


def start(log, watch, root):
    names = {}
    with open(watch, encoding="utf-8") as f:
        for name in f.read().split("\n"):
            at = os.path.join(root, name)
            names[at] = names[os.path.realpath(at)] = name
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    noted = set()

    def note(name):
        if name not in noted:
            noted.add(name)
            os.write(out, (name + "\n").encode())

    def watched(program, args):
        """Says whether a program is this interpreter, with this module."""
        first = os.fsdecode(program or (args[0] if args else ""))
        flags = {os.fsdecode(a) for a in list(args)[1:4]} if isinstance(args, (list, tuple)) else set()
        return os.path.realpath(first) == os.path.realpath(sys.executable) and not flags & {"-I", "-E", "-S"}

    def there(program, args, env):
        """Says whether a program can be started at all: matplotlib asks fc-list which fonts there are, whether there is one or not."""
        first = os.fsdecode(program or (args[0] if isinstance(args, (list, tuple)) and args else args))
        return os.sep in first or any(os.path.exists(os.path.join(os.fsdecode(d), first)) for d in os.get_exec_path(env))

    def hook(event, args):
        if event == "open":
            path = args[0]
            if isinstance(path, bytes):
                path = os.fsdecode(path)
            if isinstance(path, str) and (path.endswith(".py") or ".example-return." in path):
                name = names.get(os.path.abspath(path)) or names.get(os.path.realpath(path))
                if name:
                    note(name)
        elif event == "subprocess.Popen":
            if not watched(args[0], args[1]) and there(args[0], args[1], args[3]):
                note("*")
        elif event in ("os.system", "os.exec", "os.posix_spawn", "os.spawn"):
            note("*")

    sys.addaudithook(hook)


def follow(own):
    """Imports the sitecustomize that this one hides, if there is one."""
    this = sys.modules.pop("sitecustomize", None)
    before = list(sys.path)
    sys.path[:] = [p for p in sys.path if os.path.abspath(p) != own]
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        pass
    finally:
        sys.path[:] = before
        if this is not None:
            sys.modules.setdefault("sitecustomize", this)


if os.environ.get("CAIRN_READS_LOG"):
    start(os.environ["CAIRN_READS_LOG"], os.environ["CAIRN_READS_WATCH"], os.environ["CAIRN_READS_ROOT"])
follow(os.path.dirname(os.path.abspath(__file__)))
