package exectest

import (
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/cairn-build/cairn/graph/exec"
)

func mkfifo(b *bench, path string) {
	b.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		b.Fatal(err)
	}
}

// sandbox is what only namespaces can give.
func sandbox(b *bench) {
	if b.runner.Isolation() != exec.Namespaces {
		return
	}
	secret := b.file("secret", "secret")
	for _, c := range []struct{ what, script, want string }{
		{"undeclared files", `cat ` + secret + ` 2>/dev/null || echo absent; ls /root /home ` + b.ws + ` 2>/dev/null | wc -l`, "absent\n0\n"},
		{"what the root holds", `ls / | tr '\n' ' ' | sed 's/lib[0-9x]* //g; s/s*bin //g'`, "build cairn dev etc proc run tmp usr var "},
		{"the root is read-only", `for d in / /etc /usr /dev /cairn /var /cairn/bin; do touch $d/x 2>/dev/null && echo $d; done; true`, ""},
		{"the user", `id -u; id -un; id -g; uname -n`, "1000\ncairn\n1000\ncairn\n"},
		{"rights", `grep -e ^Cap -e ^NoNew /proc/self/status | tr -d '[:blank:]'`,
			"CapInh:0000000000000000\nCapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:0000000000000000\nCapAmb:0000000000000000\nNoNewPrivs:1\n"},
		{"processes", `set -- /proc/[0-9]*; echo $#`, "2\n"}, // the worker and sh
		{"the worker's secrets", `cat /proc/1/environ /proc/1/maps 2>/dev/null | wc -c; cat /proc/1/root/etc/passwd /proc/1/task/*/root/etc/passwd /proc/1/fd/* 2>/dev/null | wc -c`, "0\n0\n"},
		{"the worker lives", `kill -9 1; kill -TERM 1; kill -SEGV 1; kill -STOP 1; kill -40 1; echo on`, "on\n"},
		{"the host's mounts", `grep -c -e old -e host /proc/self/mountinfo; true`, "0\n"},
		{"programs on PATH", `ls $PATH | grep -c '^gcc$'; true`, "0\n"},
		{"devices", `echo x >/dev/null && head -c 1 /dev/zero | wc -c && head -c 1 /dev/urandom | wc -c`, "1\n1\n"},
		{"where it is", `pwd; echo $HOME $PATH $TMPDIR`, "/build/work\n/build/home /cairn/bin /tmp\n"},
	} {
		if got := b.ok(b.sh(c.script)); got != c.want {
			b.Errorf("%s: %q, not %q", c.what, got, c.want)
		}
	}
	b.ok(b.sh(`echo x >/dev/shm/left`))
	if got := b.ok(b.sh(`ls /dev/shm`)); got != "" {
		b.Errorf("/dev/shm: %q", got)
	}
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	fi, err := os.Stat(exe)
	if err != nil {
		b.Fatal(err)
	}
	help := func(network bool, args ...string) string {
		b.Helper()
		return b.ok(b.sh("", func(s *exec.Spawn) {
			s.Inputs = []exec.Input{{Path: helperName, From: exe, Size: fi.Size(), Exec: true}}
			s.Argv = append([]string{"./" + helperName}, args...)
			s.Network = network
		}))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if got := help(false, "dial", l.Addr().String()); got != "refused\n" {
		b.Errorf("without network: %q", got)
	}
	if got := help(true, "dial", l.Addr().String()); got != "connected\n" {
		b.Errorf("with network: %q", got)
	}
	if got := help(false, "loop"); got != "connected\n" {
		b.Errorf("loopback: %q", got)
	}
	help(false, "shm")
	if got := help(false, "shmfind"); got != "" {
		b.Errorf("the next action finds the shared memory")
	}
	if got := b.ok(b.sh(`ls /cairn/scratch; echo ok`)); strings.TrimSpace(got) != "ok" {
		b.Errorf("scratch: %q", got)
	}
}
