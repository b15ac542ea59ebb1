"""Tells what of this interpreter decides which wheels it takes and which markers hold (PEP 508), as JSON."""
import json
import os
import platform
import sys
import sysconfig


def full_version(v):
    text = "%d.%d.%d" % v[:3]
    return text if v.releaselevel == "final" else text + v.releaselevel[0] + str(v.serial)


def libc():
    try:
        name, _, version = os.confstr("CS_GNU_LIBC_VERSION").partition(" ")
        return name, [int(n) for n in version.split(".")[:2]]
    except (AttributeError, OSError, TypeError, ValueError):
        pass
    # musl tells its version when its loader is started without a program; the loader's name says that it is musl's.
    import glob
    import re
    import subprocess
    for loader in sorted(glob.glob("/lib/ld-musl-*.so.1")):
        said = subprocess.run([loader], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False).stderr
        found = re.search(r"Version (\d+)\.(\d+)", said)
        if found:
            return "musl", [int(found.group(1)), int(found.group(2))]
    return "", [0, 0]


major, minor = sys.version_info[:2]
name = sys.implementation.name
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
if name == "cpython":
    abi = "cp%d%d%s" % (major, minor, "t" if free else "")
else:
    abi = (sysconfig.get_config_var("SOABI") or "none").replace(".", "_").replace("-", "_")
system = sys.platform
machine = platform.machine()
libc_name, libc_version = ("", [0, 0])
mac = [0, 0]
if system == "linux":
    libc_name, libc_version = libc()
    if machine == "x86_64" and sys.maxsize < 2**32:
        machine = "i686"
elif system == "darwin":
    mac = [int(n) for n in (platform.mac_ver()[0] + ".0").split(".")[:2]]

print(json.dumps({
    "vars": {
        "os_name": os.name,
        "sys_platform": system,
        "platform_machine": machine,
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "python_version": "%d.%d" % (major, minor),
        "python_full_version": full_version(sys.version_info),
        "implementation_name": name,
        "implementation_version": full_version(sys.implementation.version),
    },
    "interpreter": {
        "Name": name, "Major": major, "Minor": minor, "ABI": abi, "OS": system, "Arch": machine,
        "Libc": libc_name, "LibcVer": libc_version, "MacOS": mac,
    },
}, indent=1, sort_keys=True))
