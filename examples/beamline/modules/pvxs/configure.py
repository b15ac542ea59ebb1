"""Writes the headers that pvxs and the libevent in it expect a configure step to make: configure.py TREE OUT_DIR CC

What the C library has is asked of the compiler in one run. Each question is a line of C, and a line with an error is a no.
"""

import os
import pathlib
import re
import subprocess
import sys

tree, out, cc = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
template = (tree / "bundle/libevent/event-config.h.cmake").read_text()
wanted = dict.fromkeys(re.findall(r"#cmakedefine EVENT__HAVE_(\w+)", template))

# What is not asked, and what is asked by another name.
NO = {"LIBZ", "OPENSSL", "MBEDTLS", "AFUNIX_H", "WEPOLL", "DEVPOLL", "EVENT_PORTS"}
OTHER = {
    "__FUNCTION__": "(void)__FUNCTION__",
    "EPOLL": "(void)epoll_create",
    "FD_MASK": "(void)sizeof(fd_mask)",
    "GETHOSTBYNAME_R_6_ARG": "gethostbyname_r(0, 0, 0, 0, 0, 0)",
    "GETHOSTBYNAME_R_5_ARG": "gethostbyname_r(0, 0, 0, 0, 0)",
    "GETHOSTBYNAME_R_3_ARG": "gethostbyname_r(0, 0, 0)",
    "PTHREADS": "(void)pthread_create",
    "SETFD": "(void)F_SETFD",
    "WORKING_KQUEUE": "(void)kqueue",
    "TAILQFOREACH": "TAILQ_FOREACH",
}
MACROS = {"TIMERADD", "TIMERCLEAR", "TIMERCMP", "TIMERISSET", "TAILQFOREACH"}


def header(name):
    """The header that a name such as SYS_TIME_H is about."""
    return name[:-2].lower().replace("_", "/", 1) + ".h"


def question(name):
    """The statement that compiles where the answer is yes."""
    if name in OTHER:
        return OTHER[name]
    struct = re.fullmatch(r"(STRUCT_(?:IN6_ADDR|SOCKADDR_(?:IN6|IN|STORAGE|UN)|[A-Z]+))(?:_(\w+))?", name)
    if struct:
        kind = struct[1].lower().replace("_", " ", 1)
        return f"(void)(({kind} *)0)->{struct[2].lower()}" if struct[2] else f"(void)sizeof({kind})"
    if name.endswith("_T"):
        return f"(void)sizeof({name.lower()})"
    return f"(void){name.lower()}"


def ask():
    """The names that are there."""
    lines = ["#define _GNU_SOURCE"]
    for name in wanted:
        if name.endswith("_H"):
            lines += [f"#if __has_include(<{header(name)}>)", f"#include <{header(name)}>", "#endif"]
    lines.append("#include <pthread.h>")
    asked = {}
    for name in wanted:
        if name in NO:
            continue
        if name.endswith("_H"):
            lines += [f"#if !__has_include(<{header(name)}>)", "#error no", "#endif"]
        elif name in MACROS:
            lines += [f"#ifndef {OTHER.get(name, name.lower())}", "#error no", "#endif"]
        else:
            lines += ["", f"void ask_{name}(void) {{ {question(name)}; }}", ""]
        asked[len(lines) - 1] = name
    said = subprocess.run([cc, "-w", "-fmax-errors=0", "-fsyntax-only", "-x", "c", "-"], input="\n".join(lines), text=True,
                          stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"})
    if "fatal error" in said.stderr:
        sys.exit(said.stderr)
    errors = {int(n) for n in re.findall(r"(?m)^<stdin>:(\d+):.*error:", said.stderr)}
    return {name for line, name in asked.items() if line not in errors}


def size(name):
    """The size of a type: one that is too small for it does not compile."""
    kind = {"VOID_P": "void *", "LONG_LONG": "long long"}.get(name, name.lower())
    for n in (1, 2, 4, 8, 16):
        source = f"#include <pthread.h>\n#include <sys/socket.h>\n_Static_assert(sizeof({kind}) == {n}, \"no\");"
        if subprocess.run([cc, "-fsyntax-only", "-x", "c", "-"], input=source, text=True, stderr=subprocess.DEVNULL).returncode == 0:
            return str(n)
    sys.exit(f"{kind} has no size")


def expand(source, target, values):
    """What stands between @ signs is replaced, and so are the #cmakedefine lines."""
    text = (tree / source).read_text()
    text = re.sub(r"@(\w+)@", lambda m: values[m[1]], text)
    text = re.sub(r"(?m)^#cmakedefine (\w+)(.*)$", lambda m: f"#define {m[1]}{m[2]}" if m[1] in values else "", text)
    (out / target).parent.mkdir(parents=True, exist_ok=True)
    (out / target).write_text(text)


values = {f"EVENT__HAVE_{name}": "1" for name in ask()}
values |= {f"EVENT__SIZEOF_{name}": size(name) for name in re.findall(r"@EVENT__SIZEOF_(\w+)@", template)}
values |= {f"EVENT__HAVE_DECL_{name}": "0" for name in ("CTL_KERN", "KERN_ARND")}
values |= {f"EVENT__{name}": name for name in ("inline", "size_t", "socklen_t", "ssize_t")}
values |= {"_GNU_SOURCE": "1", "EVENT__DNS_USE_CPU_CLOCK_FOR_ID": "1"}

# libevent has its version in a script of CMake.
major, minor, patch, stage = re.findall(r'set\(EVENT_GIT___VERSION_[A-Z]+ "?([\w-]+)', (tree / "bundle/libevent/cmake/VersionViaGit.cmake").read_text())[:4]
values |= {"EVENT_VERSION_MAJOR": major, "EVENT_VERSION_MINOR": minor, "EVENT_VERSION_PATCH": patch}
values |= {"EVENT_PACKAGE_VERSION": f"{major}.{minor}.{patch}", "EVENT_VERSION": f"{major}.{minor}.{patch}-{stage}"}
values["EVENT_NUMERIC_VERSION"] = f"0x{int(major):02x}{int(minor):02x}{int(patch):02x}{stage.endswith('dev'):02x}"
values |= {"EPICS_HOST_ARCH": "linux-x86_64", "T_A": "linux-x86_64", "OS_CLASS": "Linux", "CMPLR_CLASS": "gcc"}

expand("bundle/libevent/event-config.h.cmake", "event2/event-config.h", values)
expand("bundle/libevent/evconfig-private.h.cmake", "evconfig-private.h", values)
expand("src/describe.h@", "describe.h", values)
(out / "pvxsVCS.h").write_text('#define PVXS_VCS_VERSION "cairn"\n')
