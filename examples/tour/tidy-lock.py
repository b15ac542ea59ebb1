"""Writes a lock (pylock.toml) with what cairn needs of it: for each file its name and its SHA-256, and where it comes from is
the matter of whoever fetches it. Of wheels it keeps those for CPython 3.11 to 3.14 on Linux (glibc; x86_64, aarch64) and macOS.

usage: uv pip compile --universal --python-version 3.11 --format pylock.toml repository/pyproject.toml | python3 tidy-lock.py >repository/pylock.toml
"""
import re
import sys
import tomllib

PYTHON = re.compile(r"(py3|py2\.py3|cp3(11|12|13|14)|cp3\d+(\.cp3\d+)*)$")
ABI = re.compile(r"(none|abi3|cp3(11|12|13|14))$")
PLATFORM = re.compile(r"any$|macosx_|manylinux.*_(x86_64|aarch64)")


def wanted(name):
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    if abi not in ("abi3", "none") and python != abi:
        return False
    return bool(PYTHON.match(python) and ABI.match(abi) and PLATFORM.match(platform))


def main():
    lock = tomllib.loads(sys.stdin.read())
    floor = lock["requires-python"].removeprefix(">=")
    print('lock-version = "%s"\ncreated-by = "%s"\nrequires-python = "%s"' % (lock["lock-version"], lock["created-by"], lock["requires-python"]))
    for p in lock["packages"]:
        marker = p.get("marker", "")
        if "win32" in marker:
            continue
        print('\n[[packages]]\nname = "%s"\nversion = "%s"' % (p["name"], p["version"]))
        if marker and marker != "python_full_version >= '%s'" % floor:
            print('marker = "%s"' % marker)
        wheels = {w["url"].rsplit("/", 1)[1]: w["hashes"]["sha256"] for w in p["wheels"]}
        print("wheels = [")
        for name in sorted(filter(wanted, wheels)):
            print('    { name = "%s", hashes = { sha256 = "%s" } },' % (name, wheels[name]))
        print("]")


main()
