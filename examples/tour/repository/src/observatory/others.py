"""Brings up what the workspace has besides this script: a package that plans the night, and an IOC."""
import os
import platform
import subprocess


def iocs():
    """Whether the programs of EPICS that the workspace names run here."""
    return (platform.system(), platform.machine()) == ("Linux", "x86_64")


def show():
    cairn = os.environ.get("CAIRN")
    if not cairn or not os.path.exists("telescope"):
        return
    print("\nA package, which cairn makes of night/spec.yaml (`cairn run //:night -- run`):\n")
    run(cairn, "//:night", "--", "run", "--config-json", "{}", keep=lambda line: not line.startswith(("[", "cairn:")))
    print("\nAn IOC, which starts with what cairn compiles of telescope/telescope.c (`cairn run //:dome`):\n")
    if not iocs():
        print("  The programs of EPICS that BUILD.hcl names are for Linux on x86_64.")
        return
    run(cairn, "//:dome", said="dbgf TELESCOPE:Altitude\nexit\n", keep=lambda line: line.startswith(("Loaded", "iocRun", "dome >")) and len(line) > 8)


def run(cairn, *words, said="", keep):
    """Starts a target, and shows those of its lines that are kept."""
    env = dict(os.environ, WT_RESULTS="cairn-out/results", EPICS_CAS_INTF_ADDR_LIST="127.0.0.1", EPICS_PVAS_INTF_ADDR_LIST="127.0.0.1")
    done = subprocess.run([cairn, "run", *words], input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    for line in done.stdout.splitlines():
        if done.returncode or keep(line):
            print("  " + line)
    if done.returncode:
        raise SystemExit("it ended with exit status %d" % done.returncode)
