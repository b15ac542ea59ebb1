"""Tells what of a source tree a build backend looks at, so that nothing else of the tree counts for its wheel.

Python says of itself what it opens, lists and imports (PEP 578). It does not say what it asks os.stat and its like about, so those are
wrapped. What cannot be seen is what another process reads, or machine code that is not Python's own: as soon as there is one of
either, the whole tree counts. Folders are listed in order, so that no wheel hangs on how a file system keeps them.
"""
import fcntl
import os
import pathlib
import posix
import shutil
import sys
import sysconfig
import threading


class Entry:
    """An os.DirEntry whose stat is a look at the file: what else it says, the names of its folder say as well."""

    def __init__(self, real, look):
        self.real, self.look = real, look
        self.name, self.path = real.name, real.path

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __fspath__(self):
        return self.path

    def __repr__(self):
        return repr(self.real)

    def stat(self, *, follow_symlinks=True):
        self.look(self.path)
        return self.real.stat(follow_symlinks=follow_symlinks)


class Listing:
    """What os.scandir gives, in order."""

    def __init__(self, entries, look):
        with entries:
            self.entries = iter([Entry(e, look) for e in sorted(entries, key=lambda e: e.name)])

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.entries)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.entries = iter(())


class Reads:
    """What was looked at below top. files, folders and links are what the tree has, relative to it."""

    def __init__(self, top, files, folders, links):
        self.top = os.path.realpath(top) + os.sep
        self.files, self.folders, self.links = files, folders, links
        self.seen = set()
        self.all = ""  # why the whole tree counts
        self.missing = set()  # programs that are not there
        self.own = set()  # programs that read nothing of the tree
        self.on = False
        if any(set(name) & set("\n\r\t\\") for name in files | links | folders):
            self.everything("it has names that no depfile can hold")
        self.here = threading.local()  # .busy: this thread does not look on the backend's behalf
        stdlib = [sysconfig.get_path(n) for n in ("stdlib", "platstdlib")]
        self.stdlib = tuple(os.path.realpath(p) + os.sep for p in stdlib)

    def start(self):
        """Watches from here on. It cannot be undone, but stop ends the recording."""
        sys.addaudithook(self.audit)
        for name in ("stat", "lstat", "readlink"):
            self.wrap((os, posix), name, False)
        self.wrap((os, posix), "access", True)
        for name in ("exists", "lexists", "isfile", "isdir", "islink"):
            self.wrap((os.path,), name, True)
        for name in ("exists", "is_file", "is_dir", "is_symlink"):
            self.wrap((pathlib.Path,), name, True)
        listdir, scandir = os.listdir, os.scandir
        os.listdir = lambda path=".": sorted(listdir(path))
        os.scandir = lambda path=".": Listing(scandir(path), self.look)
        self.on = True

    def stop(self):
        self.on = False

    def wrap(self, owners, name, kind):
        """Lets a function note the path that it is asked about: only what is there, where kind is set."""
        real = getattr(owners[0], name)

        def wrapper(path, *args, **kwargs):
            if not self.watching():
                return real(path, *args, **kwargs)
            if not isinstance(path, int):
                self.look(path, kwargs.get("dir_fd"), kind=kind)
            self.here.busy = True
            try:
                return real(path, *args, **kwargs)
            finally:
                self.here.busy = False

        for owner in owners:
            setattr(owner, name, wrapper)
        for known in (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd, os.supports_effective_ids):
            if real in known:
                known.add(wrapper)

    def watching(self):
        return self.on and not getattr(self.here, "busy", False)

    def audit(self, event, args):
        if not self.watching():
            return
        if event == "open":
            if not isinstance(args[0], int):
                self.look(args[0])
        elif event in ("os.listdir", "os.scandir"):
            self.look(args[0], listed=True)
        elif event == "import":
            if args[1] and not os.path.realpath(args[1]).startswith(self.stdlib):
                self.everything("it loads machine code, " + os.path.basename(args[1]))
        elif event in ("subprocess.Popen", "os.posix_spawn"):
            self.program(args[0] or (args[1] and args[1][0]))
        elif event in ("os.system", "os.exec", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"):
            self.everything("it starts programs")
        elif event == "ctypes.dlopen" and args[0]:
            self.everything("it loads machine code, " + os.path.basename(str(args[0])))

    def program(self, name):
        name = os.fsdecode(name) if name else ""
        self.here.busy = True  # looking for a program is no look at the tree
        found = shutil.which(name)
        self.here.busy = False
        if not found:
            self.missing.add(os.path.basename(name))
        elif os.path.realpath(found) not in self.own:
            self.everything("it starts " + os.path.basename(name))

    def everything(self, why):
        self.all = self.all or why

    def look(self, path, dir_fd=None, listed=False, kind=False):
        """Notes that a path was looked at: a folder that was listed, what lies there, or all of a file."""
        self.here.busy = True
        try:
            if isinstance(path, int):
                path = self.where(path)
            elif dir_fd is not None:
                path = os.path.join(self.where(dir_fd), os.fsdecode(path))
            path = os.path.join(os.getcwd(), os.fsdecode("." if path is None else path))
            for at in {os.path.normpath(path), os.path.realpath(path)}:
                if (at + os.sep).startswith(self.top):
                    self.note(at[len(self.top):], listed, kind)
        except (OSError, ValueError, UnicodeError, TypeError):
            pass  # no path that anything could be read from
        finally:
            self.here.busy = False

    def where(self, fd):
        """Gives the path of an open folder."""
        try:
            return os.readlink("/proc/self/fd/%d" % fd)
        except OSError:
            pass
        try:
            return os.fsdecode(fcntl.fcntl(fd, 50, bytes(1024)).rstrip(b"\0"))  # F_GETPATH of macOS
        except OSError:
            self.everything("it opens folders by number")
            return "/"

    def note(self, rel, listed, kind):
        """Adds what rel says of the tree: `file`, `folder/` for the names in it, `path/.` for what kind of thing is there, if any. Of a
        path that is not there, the first part that is no folder counts."""
        parts = rel.split(os.sep) if rel else []
        for n in range(1, len(parts) + 1):
            at = "/".join(parts[:n])
            if at in self.folders:
                continue
            if at in self.links:
                self.seen.add(at)
                continue
            self.seen.add(at if at in self.files and n == len(parts) and not kind else at + "/.")
            return
        if not rel or rel in self.folders:
            self.seen.add(rel + ("/" if listed else "/."))

    def paths(self):
        """What counts, sorted."""
        return sorted(self.seen)

    def whole(self):
        """All files and links, and the names of all folders, sorted."""
        return sorted(self.files | self.links | {f + "/" for f in self.folders | {""}})


def depfile(paths):
    """Gives a depfile in Make's syntax."""
    def word(p):
        return p.replace("\\ ", "\\\\ ").replace(" ", "\\ ").replace("#", "\\#").replace("$", "$$")
    return "wheel:" + "".join(" \\\n " + word(p) for p in paths) + "\n"
