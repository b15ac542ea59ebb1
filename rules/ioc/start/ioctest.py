"""Starts an IOC on the loopback interface, asks it for values over Channel Access and PV Access, and reads what it says.

Called with a file of JSON, see testSpec in ioctest.go, and with folders of modules on this machine. Exit status 0 says that all was as expected.
"""

import codecs
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time

SEPARATOR = "\x1f"  # between elements of arrays, from caget
INITIALIZED = "iocRun: All initialization complete"

# What common mistakes make an IOC say. The page of ioc_test lists them.
ERRORS = [
    r"\bERROR\b",
    r"^(\S+: )?[Ee]rror:",
    r"\biocsh Error\b",
    r"Command \S+ not found",
    r"Unbalanced quote",
    r"[Cc]an't (open|find|load)",
    r"No such file or directory",
    r"cannot open shared object file",
    r"undefined symbol",
    r"[Ff]ailed to load",
    r"dlload failed|dbLoad\w+ failed",
    r"macLib: macro \S+ is undefined",
    r"\bnot available\b",
    r"Conflict between requested",
    r"Aborting startup script",
    r"Modules can only be loaded before iocInit",
    r"Segmentation fault|Assertion .* failed|terminate called",
]


class Failed(Exception):
    pass


def free_ports(count):
    """Numbers of ports that nobody uses, neither for TCP nor for UDP."""
    held, numbers = [], []
    while len(numbers) < count:
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.append(tcp)
        tcp.bind(("127.0.0.1", 0))
        number = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held.append(udp)
        try:
            udp.bind(("", number))
        except OSError:
            continue
        numbers.append(number)
    for s in held:
        s.close()
    return numbers


def loopback(ports):
    ca, pva, search, beacon, repeater = map(str, ports)
    return {
        "EPICS_CA_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_SERVER_PORT": ca,
        "EPICS_CA_REPEATER_PORT": repeater,
        "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_SERVER_PORT": ca,
        "EPICS_CAS_BEACON_PORT": beacon,
        "EPICS_PVA_ADDR_LIST": "127.0.0.1",
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_SERVER_PORT": pva,
        "EPICS_PVA_BROADCAST_PORT": search,
        "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_PVAS_SERVER_PORT": pva,
        "EPICS_PVAS_BROADCAST_PORT": search,
    }


def hold_repeater(number):
    """Takes the port of the CA repeater, so that no client starts one that would stay."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", number))
    return s


class Console:
    """What the IOC says. A terminal of its own lets that come line by line and in order; a pipe has to do where there is none."""

    def __init__(self, argv, env, folder):
        try:
            reads, writes = os.openpty()
        except OSError:
            reads, writes = os.pipe()
        self.ioc = subprocess.Popen(argv, env=env, cwd=folder, stdin=subprocess.PIPE, stdout=writes, stderr=writes, start_new_session=True)
        os.close(writes)
        self.reads = reads
        self.selector = selectors.DefaultSelector()
        self.selector.register(reads, selectors.EVENT_READ)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.parts = []  # of what has been said; adding to one text would take ever longer
        self.unsearched = {}  # by text that is waited for: the first part that it has not been looked for in
        self.open = True

    def pump(self, seconds):
        """Takes in what comes within a time; gives at once what is there."""
        if not self.open:
            time.sleep(min(seconds, 0.05))
            return
        if self.selector.select(seconds):
            try:
                data = os.read(self.reads, 65536)
            except OSError:  # the end of a terminal
                data = b""
            if data:
                self.parts.append(self.decoder.decode(data))
            else:
                self.open = False

    def said(self, text):
        """Whether a text has come; what was searched before is not searched again."""
        start = self.unsearched.get(text, 0)
        if start is None:
            return True
        found = text in "".join(self.parts[start:])
        # It may begin at the end of what is there.
        kept, length = len(self.parts), 0
        while kept > start and length < len(text):
            kept -= 1
            length += len(self.parts[kept])
        self.unsearched[text] = None if found else kept
        return found

    def lines(self, prompts):
        """The lines so far, without colours and without prompts that nobody has typed behind."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "".join(self.parts))
        prompt = "(?:" + "|".join(re.escape(p) for p in prompts) + ")+"
        return [re.sub("^" + prompt, "", line.rstrip("\r")) for line in re.split(r"\r?\n", text)]

    def say(self, line):
        try:
            self.ioc.stdin.write(line.encode() + b"\n")
            self.ioc.stdin.flush()
        except OSError:
            pass  # it has ended, which is seen elsewhere

    def ended(self):
        return self.ioc.poll() is not None

    def wait(self, what, done, deadline):
        while not done():
            if self.ended():
                self.last_words()
                if done():
                    return
                raise Failed(f"the IOC ended ({status(self.ioc.returncode)}) before {what}")
            if time.monotonic() > deadline:
                raise Failed(f"timed out: {what} did not happen")
            self.pump(0.1)

    def last_words(self):
        """Takes in what an IOC that has ended has said; what it has started may keep its terminal open, and is not waited for."""
        end = time.monotonic() + 2
        while self.open and time.monotonic() < end:
            self.pump(0.1)

    def drain(self):
        while self.open and self.selector.select(0):
            self.pump(0)

    def close(self):
        """Ends the IOC, with all that it has started."""
        try:
            os.killpg(self.ioc.pid, signal.SIGKILL)
        except OSError:
            pass
        self.ioc.wait()
        self.last_words()
        os.close(self.reads)


def status(code):
    return f"killed by signal {-code}" if code < 0 else f"exit status {code}"


# Values. What both protocols give is turned into a list of elements, or one.


def by_ca(tools, env, name, seconds):
    run = subprocess.run([tools["caget"], "-t", "-S", "-F", SEPARATOR, "-w", str(seconds), name], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, errors="replace", timeout=seconds + 60)
    text = run.stdout.rstrip("\n")
    if run.returncode != 0 or "*** " in run.stdout and "not " in run.stdout:
        raise Failed((run.stderr + run.stdout).strip() or status(run.returncode))
    if SEPARATOR not in text:
        return text
    return text.split(SEPARATOR)[1:]


def by_pva(tools, env, name, seconds):
    run = subprocess.run([tools["pvget"], "-w", str(seconds), "-M", "json", name], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         errors="replace", timeout=seconds + 60)
    found = re.search(rf"^{re.escape(name)}\s+(.*)", run.stdout, re.M | re.S)  # before it, libraries may have said something
    if run.returncode != 0 or not found:
        raise Failed((run.stderr + run.stdout).strip() or status(run.returncode))
    # The names of fields are not in quotes.
    text = re.sub(r'("(?:\\.|[^"\\])*")|([A-Za-z_][A-Za-z0-9_.]*)(?=:)', lambda m: m[1] or f'"{m[2]}"', found[1].strip())
    try:
        whole = json.loads(text, strict=False)
    except ValueError:
        return text
    value = whole.get("value", whole) if isinstance(whole, dict) else whole
    if isinstance(value, dict) and set(value) == {"index", "choices"}:
        return value["choices"][value["index"]] if 0 <= value["index"] < len(value["choices"]) else str(value["index"])
    return value


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def plain(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, list):
        if value and all(isinstance(x, int) and 0 <= x < 256 for x in value):
            text = bytes(value).split(b"\0")[0].decode("utf-8", "replace")  # an array of characters
            if text.isprintable() or "\n" in text:
                return text
        return " ".join(plain(x) for x in value).rstrip()
    return str(value)


def same(got, want, tolerance):
    if isinstance(want, list):
        if not isinstance(got, list):
            got = [got]
        rest = got[len(want):]  # over CA arrays have all elements that there is room for
        return len(got) >= len(want) and all(x in ("", "0", 0) for x in rest) and all(same(g, w, tolerance) for g, w in zip(got, want))
    if isinstance(want, bool):
        return plain(got).lower() in (("true", "1", "yes", "on") if want else ("false", "0", "no", "off"))
    if isinstance(want, (int, float)):
        n = number(got[0] if isinstance(got, list) and got else got)
        return n is not None and abs(n - want) <= max(tolerance, 1e-9 * abs(want))
    if isinstance(want, dict):
        return got == want
    return plain(got) == want


def fits(got, expected):
    if "match" in expected:
        return re.search(expected["match"], plain(got)) is not None
    if "value" in expected:
        return same(got, expected["value"], expected.get("tolerance", 0))
    return True


def wanted(expected):
    if "match" in expected:
        return f"what matches {expected['match']!r}"
    if "value" not in expected:
        return "any value"
    more = f" within {expected['tolerance']}" if expected.get("tolerance") else ""
    return repr(expected["value"]) + more


def check(ask, console, name, expected, deadline):
    """Asks until the value is as expected: records may be processed, and links connected, after iocInit."""
    got = None
    while True:
        console.drain()
        if console.ended():
            raise Failed(f"the IOC ended ({status(console.ioc.returncode)})")
        try:
            got = ask(name, 5)
            if fits(got, expected):
                return
            problem = f"is {plain(got)!r}"
        except Failed as e:
            problem = str(e)
        except subprocess.TimeoutExpired:
            problem = "no answer"
        if time.monotonic() > deadline:
            raise Failed(f"{problem}; expected {wanted(expected)}")
        time.sleep(0.1)


def scan(lines, allow):
    bad = []
    for n, line in enumerate(lines, 1):
        if line.lstrip().startswith("#") or re.match(r"(\S+> )?\s*echo\b", line):
            continue
        if any(re.search(p, line) for p in ERRORS) and not any(re.search(p, line) for p in allow):
            bad.append((n, line))
    return bad


def main(spec, folders):
    here = os.getcwd()
    ports = free_ports(5)
    env = dict(os.environ)
    for v in spec["env"]:
        value = v["value"]
        if v.get("paths"):
            value = ":".join(os.path.normpath(os.path.join(here, p)) if p else p for p in value.split(":"))
        env[v["name"]] = value
    if folders:
        env["EPICS_DRIVER_PATH"] = ":".join([env["EPICS_DRIVER_PATH"], *folders])
    env.update(loopback(ports))
    folder = os.path.join(here, spec.get("folder") or ".")
    env["PWD"] = folder
    argv = [os.path.join(here, w) if i in spec["paths"] else w for i, w in enumerate(spec["argv"])]
    tools = {n: os.path.join(here, p) for n, p in spec["tools"].items()}
    failures = []
    seconds = spec["wait"]
    patience = max(seconds, 60)  # for what takes long on a slow machine alone
    repeater = hold_repeater(ports[4])
    begun = time.monotonic()
    console = Console(argv, env, folder)
    checked = 0
    try:
        marks = 0

        def type_in(line):
            nonlocal marks
            marks += 1
            mark = f"cairn-{os.getpid()}-{marks}"
            if line:
                console.say(line)
            console.say(f"echo {mark}")
            return mark

        first = type_in("")
        try:
            over = lambda: console.said(INITIALIZED) or console.said(first)
            console.wait("iocInit", over, begun + patience)
            if not console.said(INITIALIZED):
                raise Failed("the startup script was over, and iocInit had not been reached")
            took = time.monotonic() - begun
            for line in spec.get("input") or []:
                mark = type_in(line)
                if os.isatty(console.reads):
                    console.wait(f"the answer to {line!r}", lambda: console.said(mark), time.monotonic() + patience)
            deadline = time.monotonic() + seconds
            asks = {"ca": lambda n, s: by_ca(tools, env, n, s), "pva": lambda n, s: by_pva(tools, env, n, s)}
            for pv in spec["pvs"] or []:
                for protocol in ("ca", "pva"):
                    if pv.get(protocol) is None:
                        continue
                    try:
                        check(asks[protocol], console, pv["name"], pv[protocol], deadline)
                        checked += 1
                    except Failed as e:
                        failures.append(f"{pv['name']} over {protocol.upper()}: {e}")
                        if console.ended():
                            break
        except Failed as e:
            failures.append(str(e))
        if not console.ended():
            console.say("exit")
            try:
                end = time.monotonic() + patience
                while not console.ended() and time.monotonic() < end:
                    console.pump(0.1)
                if not console.ended():
                    failures.append("timed out: the IOC does not end after exit")
                elif console.ioc.returncode != 0:
                    failures.append(f"the IOC ended with {status(console.ioc.returncode)}")
            except OSError:
                pass
    finally:
        console.close()
        repeater.close()
    lines = [line for line in console.lines(["epics> ", spec["prompt"]]) if not re.search(rf"cairn-{os.getpid()}-\d+", line)]
    for pattern in spec.get("output") or []:
        if not any(re.search(pattern, line) for line in lines):
            failures.append(f"the IOC did not say {pattern!r}")
    for n, line in scan(lines, spec.get("allow") or []):
        failures.append(f"line {n} of what the IOC says looks like an error: {line}")
    if not failures:
        print(f"iocInit after {took:.2f} s; {checked} values, {len(lines)} lines without an error")
        return 0
    print("\n".join(lines))
    print("-" * 60)
    for f in failures:
        print("FAILED: " + f)
    return 1


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as f:
        sys.exit(main(json.load(f), sys.argv[2:]))
