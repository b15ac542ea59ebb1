"""Asks uv what requirements come to, and writes the answer as a lock that says nothing of when and where it was asked.

usage: resolve.py UV REQUIREMENTS CONSTRAINTS OUT wheels|any

An empty file of requirements asks nothing, and its answer is an empty file. The index is what the variables of the caller say;
only they know it.
"""
import hashlib
import os
import re
import subprocess
import sys
import urllib.parse


def read(path):
    with open(path, "rb") as f:
        return f.read()


def stop(text):
    sys.stderr.buffer.write(text.encode("utf-8", "replace"))
    sys.exit(1)


def main():
    uv, requirements, constraints, out, kind = sys.argv[1:]
    question, bounds = read(requirements), read(constraints) if constraints else b""
    if not question.strip():
        with open(out, "wb"):
            return
    command = [os.path.abspath(uv), "pip", "compile", requirements, "--universal", "--format", "pylock.toml", "--generate-hashes",
               "--no-header", "--no-annotate", "--no-sources"]
    if bounds.strip():
        command += ["--constraints", constraints]
    if kind == "wheels":
        command += ["--only-binary", ":all:"]
    own = ["--no-config", "--no-cache", "--no-progress", "--color", "never", "--no-python-downloads", "--python", sys.executable]
    run = subprocess.run(command + own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    index = os.environ.get("UV_DEFAULT_INDEX", "")
    base = index[:-len("/simple")] if index.endswith("/simple") else index
    said = run.stderr.decode("utf-8", "replace")
    if base:
        said = said.replace(index, "the index").replace(base, "the index")
    if run.returncode:
        stop("%s\n%suv came to no answer (exit code %d)\n" % (" ".join(["uv"] + command[1:]), said, run.returncode))
    lock = run.stdout.decode("utf-8")
    if base:
        lock = re.sub(r'\burl = "%s/files/[^"/]*/([^"/]*)"' % re.escape(base),
                      lambda m: 'name = "%s"' % urllib.parse.unquote(m.group(1)), lock)
    if base and base in lock or re.search(r"(?m)^\s*(index|url) = ", lock):
        stop("internal error: the answer says where it was asked:\n%s\n" % lock)
    lock = lock.replace('created-by = "uv"', 'created-by = "cairn"', 1).rstrip("\n")
    digest = hashlib.sha256(question + b"\0" + bounds).hexdigest()
    with open(out, "wb") as f:
        f.write(("%s\n\n[tool.cairn]\nquestion = \"%s\"\n" % (lock, digest)).encode())


main()
