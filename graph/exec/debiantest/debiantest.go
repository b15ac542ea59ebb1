// Package debiantest finds programs that tests drive and that a machine need not have: nginx, sshd, a browser. What the machine has not is
// taken from Debian's packages, without changing the machine.
//
// It is for tests only.
package debiantest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// MissingError says that a program is neither on this machine nor to be had.
type MissingError struct {
	Program string
	Why     error
}

// Error implements error. It begins with what CI knows skips by.
func (e *MissingError) Error() string {
	return fmt.Sprintf("this machine has none: no program %s, and it is not to be had from packages: %v", e.Program, e.Why)
}

// Program is one that can be started.
type Program struct {
	Path string
	Root string // where it was unpacked, "" where the machine has it
	libs string // folders that the loader must look in, "" for none
}

// Find looks for a program where the machine has it, and otherwise in a package of Debian's. The error is a *MissingError.
func Find(name, pkg string) (Program, error) {
	if p, err := exec.LookPath(name); err == nil {
		return Program{Path: p}, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return Program{Path: p}, nil
		}
	}
	root, err := unpacked(pkg)
	if err != nil {
		return Program{}, &MissingError{name, err}
	}
	for _, dir := range []string{"usr/sbin", "usr/bin", "sbin", "bin"} {
		if p, err := exec.LookPath(filepath.Join(root, dir, name)); err == nil {
			libs, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu*"))
			if err != nil {
				return Program{}, err
			}
			for _, more := range []string{"lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio"} {
				at, err := filepath.Glob(filepath.Join(root, more))
				if err != nil {
					return Program{}, err
				}
				libs = append(libs, at...)
			}
			return Program{Path: p, Root: root, libs: strings.Join(libs, ":")}, nil
		}
	}
	return Program{}, &MissingError{name, fmt.Errorf("the package %s has no such file", pkg)}
}

// Env gives what a command needs so that the program finds its libraries.
func (p Program) Env() []string {
	if p.libs == "" {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + p.libs}
}

// unpackedIn holds where packages were unpacked, or why not, by name, as long as the process lives.
var (
	unpackedMu sync.Mutex
	unpackedIn = map[string]unpackedAt{}
)

type unpackedAt struct {
	dir string
	err error
}

// unpacked gives a folder with the files of a package of Debian's and of all that it needs and this machine has not. It stays for later
// runs of the tests. Nothing of the machine is changed: neither its packages nor what it knows of them.
func unpacked(pkg string) (string, error) {
	unpackedMu.Lock()
	defer unpackedMu.Unlock()
	if u, ok := unpackedIn[pkg]; ok {
		return u.dir, u.err
	}
	at := filepath.Join(os.TempDir(), fmt.Sprintf("cairn-test-debian-%s-%d", pkg, os.Getuid()))
	if fi, err := os.Stat(at); err == nil {
		if st, ok := fi.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
			return "", fmt.Errorf("%s is somebody else's", at)
		}
	} else {
		if err := unpack(pkg, at); err != nil {
			unpackedIn[pkg] = unpackedAt{err: err}
			return "", err
		}
	}
	unpackedIn[pkg] = unpackedAt{dir: at}
	return at, nil
}

func unpack(pkg, at string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(at), ".cairn-test-debian-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	state, root := filepath.Join(tmp, "state"), filepath.Join(tmp, "root")
	debs := filepath.Join(tmp, "debs")
	for _, dir := range []string{filepath.Join(state, "lists/partial"), filepath.Join(debs, "partial"), root} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	apt := func(own bool, args ...string) error {
		all := []string{"-qq", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "Dir::Cache::archives=" + debs,
			"-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20"}
		if own {
			all = append(all, "-o", "Dir::State::lists="+filepath.Join(state, "lists"))
		}
		return run(exec.Command("apt-get", append(all, args...)...))
	}
	get := []string{"-y", "--no-install-recommends", "--download-only", "install", pkg}
	if err := apt(false, get...); err != nil { // what the machine knows of packages is old, or nothing
		if err := errors.Join(apt(true, "update"), apt(true, get...)); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("no package came"))
	}
	for _, f := range files {
		if err := run(exec.Command("dpkg", "-x", f, root)); err != nil {
			return err
		}
	}
	if err := os.Rename(root, at); err != nil {
		if _, there := os.Stat(at); there != nil {
			return err
		}
	}
	return nil
}

// run runs a program to its end.
func run(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, out)
	}
	return nil
}
