"""Builds the wheel of a source tree with the tree's own backend (PEP 517), so that its bytes are the same wherever and whenever.

usage: build_wheel.py PLAN SOURCE OUT MORE DEPFILE [--files LIST] [--describe FILE] [--version VERSION] [--config JSON] [--locked] [--last WANTED]

PLAN is what cairn knows of the project. SOURCE is a folder, or those files of it that LIST names, or an sdist, and never written to: the backend works in a copy. The wheel goes
into the folder OUT. Where the backend wants requirements that are not there, OUT stays empty and MORE names all that is wanted; otherwise
MORE is empty. With --locked that is an error. With --last there is no more: WANTED is what a first run asked for, and where it is
empty there is nothing to do. MORE and DEPFILE are - where nobody wants them.
"""
import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import stat
import sys
import tarfile
import tempfile
import traceback
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != HERE]
EPOCH = 315532800  # 1980-01-01: no zip file knows an earlier time


def own(name):
    """Loads a module that lies beside this file."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fail(text):
    sys.stderr.write(text.rstrip() + "\n")
    sys.exit(1)


def unpack(sdist, to):
    """Unpacks the one folder of an sdist."""
    at = to + ".unpacked"
    with tarfile.open(sdist) as t:
        if hasattr(tarfile, "data_filter"):
            t.extractall(at, filter="data")
        else:
            t.extractall(at)
    folders = os.listdir(at)
    if len(folders) != 1:
        fail("%s holds %d folders, and an sdist holds one." % (os.path.basename(sdist), len(folders)))
    return os.path.join(at, folders[0])


def copy(source, names, to):
    """Copies a tree, or the files of it that are named, and gives what it has: files, folders and links."""
    files, folders, links = set(), set(), set()

    def folder(rel):
        if rel and rel not in folders:
            folder(os.path.dirname(rel))
            folders.add(rel)
            os.mkdir(os.path.join(to, rel))

    def one(rel):
        folder(os.path.dirname(rel))
        old, new = os.path.join(source, rel), os.path.join(to, rel)
        if os.path.islink(old) and names is None:
            links.add(rel)
            os.symlink(os.readlink(old), new)
            return
        files.add(rel)
        shutil.copyfile(old, new)
        os.chmod(new, 0o755 if os.stat(old).st_mode & 0o100 else 0o644)
        os.utime(new, (EPOCH, EPOCH))

    os.makedirs(to)
    if names is not None:
        for rel in names:
            one(rel)
    else:
        for at, dirs, found in os.walk(source):
            rel = os.path.relpath(at, source)
            rel = "" if rel == "." else rel
            folder(rel)
            for n in sorted(found) + [d for d in dirs if os.path.islink(os.path.join(at, d))]:
                one(os.path.join(rel, n))
    for rel in folders:
        os.utime(os.path.join(to, rel), (EPOCH, EPOCH))
    os.utime(to, (EPOCH, EPOCH))
    return files, folders, links


# What git would have said.

FAKE_GIT = """#!%s
import sys
args = sys.argv[1:]
if "describe" in args:
    print(%r)
elif "--git-dir" in args:
    print(".git")
elif "--show-toplevel" in args:
    print(%r)
elif "--abbrev-ref" in args:
    print("HEAD")
elif "rev-parse" in args:
    print(%r)
elif "--format=%%ci" in args:
    print("1980-01-01 00:00:00 +0000")
elif args[:1] != ["branch"]:
    sys.exit(128)
"""


def next_version(tag, distance, node):
    """Gives the version after a tag as the tools that take it from git do by default."""
    m = re.search(r"(?:^|[^0-9A-Za-z])[vV]?(\d+(?:\.\d+)*)((?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|post|dev)[-_.]?\d*)*)$", tag)
    if not m:
        fail("The tag %r has no version in it; version names one." % tag)
    release, rest = m.groups()
    if not distance:
        return release + rest
    if rest:
        return "%s%s.dev%d+g%s" % (release, rest, distance, node) if "dev" not in rest else release + rest + "+g" + node
    numbers = release.split(".")
    numbers[-1] = str(int(numbers[-1]) + 1)
    return "%s.dev%d+g%s" % (".".join(numbers), distance, node)


def versioned(plan, describe, version, work, root):
    """Tells a backend whose version comes from git what git would tell it. Gives the programs that do so."""
    if version:
        tag, distance, node = version, 0, "0" * 12
    else:
        text = ""
        if describe:
            with open(describe, encoding="utf-8") as f:
                text = f.read().strip()
        m = re.fullmatch(r"(.+)-(\d+)-g([0-9a-f]+)", text)
        if not m:
            why = "nothing says which tag the sources come from"
            if text:
                why = "no tag leads to commit " + text
            elif describe:
                why = "git was not asked (describe of the git_source)"
            fail("The version comes from git (%s), and %s.\nName one: version = \"1.0\"." % (plan["scm"], why))
        tag, distance, node = m.group(1), int(m.group(2)), m.group(3)
    if plan["scm"] in ("pdm-backend", "poetry-dynamic-versioning") or version:
        v = version or next_version(tag, distance, node)
        if plan["scm"] == "poetry-dynamic-versioning" and not version and distance:
            v = "%s.post%d.dev0+%s" % (next_version(tag, 0, node), distance, node)
        for name in ("PDM_BUILD_SCM_VERSION", "POETRY_DYNAMIC_VERSIONING_BYPASS", "UV_DYNAMIC_VERSIONING_BYPASS", "PBR_VERSION"):
            os.environ[name] = v
        if version:
            os.environ["SETUPTOOLS_SCM_PRETEND_VERSION"] = os.environ["VCS_VERSIONING_PRETEND_VERSION"] = v
    said = "%s-%d-g%s" % (tag, distance, node)
    if plan["scm"] in ("versioneer", "git"):
        bin = os.path.join(os.path.dirname(work), "bin")
        os.mkdir(bin)
        git = os.path.join(bin, "git")
        with open(git, "w", encoding="utf-8") as f:
            f.write(FAKE_GIT % (sys.executable, said, work, (node + "0" * 40)[:40]))
        os.chmod(git, 0o755)
        os.environ["PATH"] = bin + os.pathsep + os.environ.get("PATH", "")
        return {os.path.realpath(git)}
    # What `git archive` leaves: with it setuptools_scm follows the project's own scheme, and takes all files for git's, as they are.
    for folder in {work, root}:
        with open(os.path.join(folder, ".git_archival.txt"), "w", encoding="utf-8") as f:
            f.write("node: %s\nnode-date: 1980-01-01T00:00:00Z\ndescribe-name: %s\nref-names: \n" % (node, said))
    return set()


# The backend.

def unmet(wanted):
    """Gives those requirements that are not plainly there: what has a version, a marker or an extra is for a resolver to judge."""
    have = {re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower() for d in importlib.metadata.distributions()}
    return [w for w in wanted if re.sub(r"[-_.]+", "-", w.strip()).lower() not in have]


def load(plan, root):
    for p in plan["backend_path"]:
        at = os.path.normpath(os.path.join(root, p))
        if not (at + os.sep).startswith(os.path.normpath(root) + os.sep):
            fail("backend-path %r leaves the project." % p)
    sys.path[:0] = [os.path.normpath(os.path.join(root, p)) for p in plan["backend_path"]]
    module, _, attr = plan["backend"].partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attr.split(".")):
        backend = getattr(backend, name)
    return backend


def compiler():
    """Lets compilers write nothing of where they work; the first that is there is the one that is used."""
    maps = [(os.getcwd(), "."), (sys.base_prefix, "python"), (sys.prefix, "venv")]
    flags = " ".join("-ffile-prefix-map=%s=%s" % m for m in maps)
    for name in ("CFLAGS", "CXXFLAGS"):
        os.environ[name] = (os.environ.get(name, "") + " " + flags).strip()
    for var, names in (("CC", ("gcc", "clang", "cc")), ("CXX", ("g++", "clang++", "c++"))):
        found = [n for n in names if shutil.which(n)]
        if found and var not in os.environ:
            os.environ[var] = found[0]


class Quiet:
    """Keeps what is printed, by other processes too, for the case that something fails."""

    def __enter__(self):
        sys.stdout.flush()
        sys.stderr.flush()
        self.file = tempfile.TemporaryFile()
        self.kept = [os.dup(n) for n in (1, 2)]
        for n in (1, 2):
            os.dup2(self.file.fileno(), n)
        return self

    def __exit__(self, *_):
        sys.stdout.flush()
        sys.stderr.flush()
        for n, fd in zip((1, 2), self.kept):
            os.dup2(fd, n)
            os.close(fd)

    def text(self):
        self.file.seek(0)
        return self.file.read().decode("utf-8", "replace")


def hooks(plan, config, last, to, reads):
    """Calls the backend's hooks; gives the requirements that are not there, or the wheel's name."""
    step = "cannot be loaded"
    with Quiet() as quiet:
        reads.start()
        try:
            backend = load(plan, os.getcwd())
            step = "failed in get_requires_for_build_wheel"
            if not last and hasattr(backend, "get_requires_for_build_wheel"):
                more = unmet(backend.get_requires_for_build_wheel(config))
                if more:
                    return more, ""
            step = "failed in build_wheel"
            return [], backend.build_wheel(to, config, None)
        except (Exception, SystemExit) as e:  # whatever a backend may raise
            told = traceback.format_exception(type(e), e, e.__traceback__)
            frames = "".join(told[:1] + told[3:]) if len(told) > 4 else "".join(told)
        finally:
            reads.stop()
    hint = ""
    if reads.missing:
        hint = "\nIt asked for programs that it does not have; name those that it needs: tools = [%s]\n" % ", ".join('"%s"' % n for n in sorted(reads.missing))
    said = "%s\n%s\nThe backend %s %s.%s" % (quiet.text().rstrip(), frames.rstrip(), plan["backend"], step, hint)
    fail(said.lstrip("\n"))


def normalise(wheel, to):
    """Writes a wheel anew: in order, of one time, with modes that say no more than what may be executed, not compressed."""
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as new:
        entries = {i.filename: i for i in old.infolist() if not i.is_dir()}
        for name in sorted(entries, key=lambda n: (".dist-info/" in n, n)):
            mode = entries[name].external_attr >> 16
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | (0o755 if mode & 0o111 else 0o644)) << 16
            new.writestr(info, old.read(name))
    os.chmod(to, 0o644)


def build(plan, a, dist):
    """Builds the wheel in a copy of the source. Gives its path, or else what is wanted and not there, and what was read."""
    area = os.path.dirname(dist)
    work = os.path.join(area, "source")
    names = None
    if a.files:
        with open(a.files, encoding="utf-8") as f:
            names = json.load(f)
    source = a.source if os.path.isdir(a.source) else unpack(a.source, work)
    reads = own("build_reads").Reads(work, *copy(source, names, work))
    root = os.path.normpath(os.path.join(work, plan["subdir"]))
    if plan["scm"]:
        reads.own = versioned(plan, a.describe, a.version, work, root)
    os.chdir(root)
    compiler()
    more, name = hooks(plan, json.loads(a.config) if a.config else None, bool(a.last), dist, reads)
    if more and a.locked:
        fail("%s wants %s as well: the lock of what building requires does not have it." % (plan["backend"], ", ".join(more)))
    if more:
        return "", plan["requires"] + more, reads
    wheel = os.path.join(dist, name)
    if not name.endswith(".whl") or not os.path.isfile(wheel):
        fail("build_wheel of %s gave %r, and there is no such wheel." % (plan["backend"], name))
    if a.version and name.split("-")[1] != re.sub(r"[^A-Za-z0-9.]+", "_", a.version):
        fail("version is %s, and the project makes %s: its version is its own." % (a.version, name))
    return wheel, [], reads


def main():
    p = argparse.ArgumentParser()
    for name in ("plan", "source", "out", "more", "depfile"):
        p.add_argument(name)
    for name in ("--files", "--describe", "--version", "--config", "--last"):
        p.add_argument(name, default="")
    p.add_argument("--locked", action="store_true")
    a = p.parse_args()
    source, describe = a.source, a.describe  # as the action knows them
    for name in ("plan", "source", "out", "more", "depfile", "files", "describe", "last"):
        if getattr(a, name) not in ("", "-"):
            setattr(a, name, os.path.abspath(getattr(a, name)))
    with open(a.plan, encoding="utf-8") as f:
        plan = json.load(f)
    wanted = plan["package"]
    if a.last:
        with open(a.last, encoding="utf-8") as f:
            wanted = wanted and bool(f.read().strip())
    os.umask(0o022)
    os.makedirs(a.out, exist_ok=True)
    wheel, more, counts = "", [], []  # of the source, what was looked at
    if wanted:
        # TMPDIR is the action's own. In a sandbox it is the same for all; elsewhere compilers are told to leave it out.
        dist = os.path.join(os.path.realpath(tempfile.gettempdir()), "cairn-wheel", "dist")
        os.makedirs(dist)
        wheel, more, reads = build(plan, a, dist)
        if wheel:
            normalise(wheel, os.path.join(a.out, os.path.basename(wheel)))
        if not reads.all:
            counts = [os.path.join(source, c) if c not in ("/", "/.") else source + c for c in reads.paths()]
        elif a.files:
            counts = [os.path.join(source, c) if c != "/" else source + c for c in reads.whole()]
        else:
            counts = [source]
    if wanted and plan["scm"] and describe and not a.version:
        counts.append(describe)
    if a.more != "-":
        with open(a.more, "w", encoding="utf-8") as f:
            f.write("".join(r + "\n" for r in more))
    if a.depfile != "-":
        with open(a.depfile, "w", encoding="utf-8") as f:
            f.write(own("build_reads").depfile(counts))


if __name__ == "__main__":
    main()
