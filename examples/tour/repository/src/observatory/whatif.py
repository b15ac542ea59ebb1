"""Asks cairn what it did, and what edits would make it do.

For each edit there is a copy of the workspace below cairn-out that was built as this one is, and is then edited: `cairn plan` says what
that makes it do, and does nothing. Beside `main` the repository has a branch for each kind of commit.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

COPIED = ("BUILD.hcl", "BUILD.lock.hcl", "observatory.bundle", "night", "telescope")


class Edit:
    """Some text of one file of the workspace, and what it becomes; it concerns one target."""

    def __init__(self, says, target, file, old, new):
        self.says, self.target, self.file, self.old, self.new = says, target, file, old, new

    def do(self, place):
        file = place / self.file
        file.write_text(file.read_text().replace(self.old, self.new))


def commit(branch, says):
    return Edit("a commit that touches %s (branch %s)" % (says, branch), "//:tour", "BUILD.hcl", 'branch = "main"', 'branch = "%s"' % branch)


EDITS = {
    "edit-script": commit("edit-script", "a line of scripts/tour.py"),
    "edit-library": commit("edit-library", "a line of src/observatory/sky.py"),
    "edit-lock": commit("edit-lock", "a version in pylock.toml"),
    "edit-spec": Edit("a line of night/spec.yaml", "//:night", "night/spec.yaml", "      minutes: 40\n", "      minutes: 30\n"),
    "edit-records": Edit("a line of telescope/telescope.template", "//:dome", "telescope/telescope.template", "52.91", "53.91"),
}
IOC = ("edit-records",)


class Question:
    """An edit. cairn works on the answer until it is wanted."""

    def __init__(self, cairn, name):
        self.cairn, self.edit = cairn, EDITS[name]
        self.place = pathlib.Path("cairn-out/what-if", name)
        self.ready()
        self.plan = start(cairn, "-C", self.place, "plan", "--json", self.edit.target)

    def ready(self):
        """Makes the copy, unless it is there and made by the same cairn of the same files."""
        exe = os.stat(self.cairn)
        stamp = hashlib.sha256(repr((exe.st_size, exe.st_mtime_ns)).encode())
        for name in files():
            stamp.update(name.read_bytes())
        mark = self.place / "made"
        if mark.exists() and mark.read_text() == stamp.hexdigest():
            return
        shutil.rmtree(self.place, ignore_errors=True)
        for name in files():
            (self.place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, self.place / name)
        answer(start(self.cairn, "-C", self.place, "build", self.edit.target))
        self.edit.do(self.place)
        if self.edit.target == "//:tour":
            answer(start(self.cairn, "-C", self.place, "build", "//:repository"))
        mark.write_text(stamp.hexdigest())

    def lines(self):
        """What cairn would do after the edit, a line for each action whose result is not in the cache."""
        items = [i for i in json.loads(answer(self.plan)) if i["will"] != "hit"]
        return ["%(will)s %(label)s %(mnemonic)s: %(reason)s" % i for i in items] or ["nothing: what it makes is there"]


class Asked:
    """What cairn is asked; it works on the answers until they are shown. Where there is no cairn or no workspace, nothing is."""

    def __init__(self, iocs):
        cairn = os.environ.get("CAIRN")
        there = cairn and all(os.path.exists(name) for name in COPIED)
        self.questions = [Question(cairn, name) for name in EDITS if iocs or name not in IOC] if there else []
        self.log = self.last(cairn) if there else None

    def last(self, cairn):
        """The last run of the tour that did something, as `cairn log` has it."""
        runs = json.loads(answer(start(cairn, "log", "--json")))
        return start(cairn, "log", next((r["id"] for r in runs if r["command"].endswith("//:tour")), "1"))

    def show(self):
        if not self.log:
            return
        print("\nWhat cairn last had to do for this script, as `cairn log` has it:\n")
        for line in answer(self.log).splitlines()[1:]:
            if line.startswith("critical path"):
                break
            print("  " + line)
        print("\nWhat an edit would make it do, as `cairn plan` has it:")
        for q in self.questions:
            print("\n  " + q.edit.says)
            for line in q.lines():
                print("    " + line)


def files():
    """The files of the workspace that a copy has."""
    for name in map(pathlib.Path, COPIED):
        yield from sorted(p for p in name.rglob("*") if p.is_file() and p.suffix != ".pyc") if name.is_dir() else [name]


def start(*words):
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process):
    out, err = process.communicate()
    if process.returncode:
        raise SystemExit("cairn does not answer:\n" + err)
    return out
