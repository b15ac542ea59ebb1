"""Installs one wheel with uv into a folder of its own, and makes what uv leaves the same for everybody.

usage: install.py UV WHEEL FOLDER

Nothing in the folder says where it was made or when: scripts start `python` from PATH, records of the wheel's place and of the
time are dropped, and bytecode is compiled with the hash of its source (never looked at again) and paths relative to the folder.
"""
import base64
import csv
import hashlib
import importlib.util
import io
import os
import py_compile
import subprocess
import sys
import warnings

SHEBANG = b"""#!/bin/sh
'''exec' python "$0" "$@"
' '''
"""
DROPPED = ("direct_url.json", "uv_cache.json", "REQUESTED")


def walk(top):
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            yield os.path.join(folder, name)


def install(uv, wheel, folder):
    run = subprocess.run(
        [uv, "pip", "install", "--offline", "--no-index", "--no-deps", "--no-cache", "--no-config", "--no-progress",
         "--break-system-packages", "--link-mode", "copy", "--python", sys.executable, "--prefix", folder, wheel],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode:
        sys.exit("uv could not install %s:\n%s" % (os.path.basename(wheel), run.stdout))


def relocate(path):
    """Lets a script of this interpreter start whichever python comes first on PATH."""
    with open(path, "rb") as f:
        data = f.read()
    own = os.fsencode(sys.executable)
    if not data.startswith(b"#!"):
        return
    first, _, rest = data.partition(b"\n")
    if first.startswith(b"#!/bin/sh") and rest.startswith(b"'''exec' ") and own in rest.split(b"\n", 1)[0]:
        rest = rest.split(b"' '''\n", 1)[1]
    elif own not in first:
        return
    with open(path, "wb") as f:
        f.write(SHEBANG + rest)


def tidy(record, folder):
    """Writes a wheel's RECORD anew: sorted, of what is there, with the digests that it has now."""
    info = os.path.dirname(record)
    site = os.path.dirname(info)
    with open(record, newline="", encoding="utf-8") as f:
        names = {row[0] for row in csv.reader(f) if row}
    for name in DROPPED:
        path = os.path.join(info, name)
        if os.path.exists(path):
            os.remove(path)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for name in sorted(names):
        path = os.path.normpath(os.path.join(site, name))
        if path == record:
            rows.writerow([name, "", ""])
        elif os.path.isfile(path):
            with open(path, "rb") as f:
                data = f.read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.writerow([name, "sha256=" + digest, len(data)])
    with open(record, "w", newline="", encoding="utf-8") as f:
        f.write(out.getvalue())


def compile_all(folder):
    warnings.simplefilter("ignore")
    for path in list(walk(folder)):
        rel = os.path.relpath(path, folder)
        if not path.endswith(".py") or "site-packages" not in rel.split(os.sep):
            continue
        try:
            py_compile.compile(path, cfile=importlib.util.cache_from_source(path), dfile=rel, doraise=True,
                               invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        except (py_compile.PyCompileError, ValueError, RecursionError):
            pass  # templates and sources for other versions are shipped too; importing one says what is wrong with it


def main():
    uv, wheel, folder = (os.path.abspath(a) for a in sys.argv[1:])
    os.makedirs(folder, exist_ok=True)
    install(uv, wheel, folder)
    for name in (".lock", ".gitignore", "CACHEDIR.TAG"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            os.remove(path)
    scripts = os.path.join(folder, "bin")
    if os.path.isdir(scripts):
        for path in list(walk(scripts)):
            relocate(path)
    for path in list(walk(folder)):
        if os.path.basename(path) == "RECORD" and os.path.dirname(path).endswith(".dist-info"):
            tidy(path, folder)
    compile_all(folder)


main()
