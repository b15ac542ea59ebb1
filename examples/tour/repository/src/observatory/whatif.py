"""Asks cairn what it did, and what commits of other kinds would make it do.

Beside `main` the repository has a branch for each kind of edit. For each there is a copy of the workspace below cairn-out that was
built as this one is, and then has that commit checked out: `cairn plan` says what that makes it do, and does nothing.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

EDITS = {
    "edit-script": "a line of scripts/tour.py",
    "edit-library": "a line of src/observatory/sky.py",
    "edit-lock": "a version in pylock.toml",
}
COPIED = ("BUILD.hcl", "BUILD.lock.hcl", "observatory.bundle")


class Question:
    """An edit. cairn works on the answer until it is wanted."""

    def __init__(self, cairn, branch):
        self.cairn, self.branch = cairn, branch
        self.place = pathlib.Path("cairn-out/what-if", branch)
        self.ready()
        self.plan = start(cairn, "-C", self.place, "plan", "--json", "//:tour")

    def ready(self):
        """Makes the copy, unless it is there and made by the same cairn of the same files."""
        exe = os.stat(self.cairn)
        stamp = hashlib.sha256(repr((exe.st_size, exe.st_mtime_ns)).encode())
        for name in COPIED:
            stamp.update(pathlib.Path(name).read_bytes())
        mark = self.place / "made"
        if mark.exists() and mark.read_text() == stamp.hexdigest():
            return
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        for name in COPIED:
            shutil.copy(name, self.place)
        answer(start(self.cairn, "-C", self.place, "build", "//:tour"))
        build = self.place / "BUILD.hcl"
        build.write_text(build.read_text().replace('branch = "main"', 'branch = "%s"' % self.branch))
        answer(start(self.cairn, "-C", self.place, "build", "//:repository"))
        mark.write_text(stamp.hexdigest())

    def lines(self):
        """What cairn would do once the commit is checked out, a line for each action."""
        items = json.loads(answer(self.plan))
        return ["%(will)s %(label)s %(mnemonic)s: %(reason)s" % i for i in items] or ["nothing else: all that is built stays as it is"]


class Asked:
    """What cairn is asked; it works on the answers until they are shown. Where there is no cairn or no workspace, nothing is."""

    def __init__(self):
        cairn = os.environ.get("CAIRN")
        there = cairn and all(os.path.exists(name) for name in COPIED)
        self.questions = [Question(cairn, branch) for branch in EDITS] if there else []
        self.log = start(cairn, "log", "1") if there else None

    def show(self):
        if not self.log:
            return
        print("\nWhat cairn last had to do here, as `cairn log 1` has it:\n")
        for line in answer(self.log).splitlines()[1:]:
            if line.startswith("critical path"):
                break
            print("  " + line)
        print("\nWhat a commit of another kind would make it do besides checking it out, as `cairn plan` has it:")
        for q in self.questions:
            print("\n  %s (branch %s)" % (EDITS[q.branch], q.branch))
            for line in q.lines():
                print("    " + line)


def start(*words):
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process):
    out, err = process.communicate()
    if process.returncode:
        raise SystemExit("cairn does not answer:\n" + err)
    return out
