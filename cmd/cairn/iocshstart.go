package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec/supervise"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

// iocGrace is how long an IOC has to end after a signal.
const iocGrace = 5 * time.Second

// iocFolder is a folder for one start, which is removed after it. A lock says that its owner lives: where that was killed, the next
// start removes the folder.
type iocFolder struct {
	path string // "" for a start that only shows what it would do
	cwd  string
}

// folder makes a folder for this start, and removes those of starts that were killed.
func (x *iocsh) folder() (*iocFolder, func(), error) {
	cwd, err := os.Getwd()
	if err != nil {
		return nil, nil, &environmentError{err}
	}
	if x.dryRun {
		return &iocFolder{cwd: cwd}, func() {}, nil
	}
	top, err := x.cacheDir()
	if err == nil {
		top = filepath.Join(top, "iocsh")
		err = os.MkdirAll(top, 0o700)
	}
	if err != nil { // a machine without a place for a cache
		top = filepath.Join(os.TempDir(), fmt.Sprintf("cairn-iocsh-%d", os.Geteuid()))
		if err := os.MkdirAll(top, 0o700); err != nil {
			return nil, nil, &environmentError{err}
		}
	}
	dir, lock, err := lockedFolder(top)
	if err != nil {
		return nil, nil, &environmentError{err}
	}
	return &iocFolder{path: dir, cwd: cwd}, func() {
		_ = os.RemoveAll(dir)
		_ = lock.Close()
	}, nil
}

// lockedFolder removes what killed starts have left in top, and makes a folder with a lock. Those who do so take turns.
func lockedFolder(top string) (dir string, lock *os.File, err error) {
	turn, err := os.OpenFile(filepath.Join(top, "turn"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, err
	}
	defer turn.Close()
	if err := unix.Flock(int(turn.Fd()), unix.LOCK_EX); err != nil {
		return "", nil, err
	}
	sweepFolders(top)
	if dir, err = os.MkdirTemp(top, "start-"); err != nil {
		return "", nil, err
	}
	if lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return "", nil, err
	}
	return dir, lock, unix.Flock(int(lock.Fd()), unix.LOCK_EX)
}

// sweepFolders removes folders whose owners are gone.
func sweepFolders(top string) {
	dirs, _ := filepath.Glob(filepath.Join(top, "start-*"))
	for _, d := range dirs {
		f, err := os.Open(filepath.Join(d, "lock"))
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = os.RemoveAll(d)
		}
		_ = f.Close()
	}
}

// mend writes copies of scripts that the IOC's shell would not read to their ends, and has the start take them.
func (f *iocFolder) mend(start *startup.Start, read *startup.Script) error {
	copied := startup.CopyNames("start.cmd", "lock")
	at := func(name string) string { return filepath.Join(f.path, copied(name)) }
	if f.path == "" {
		return nil
	}
	mended := read.Mended(at)
	for name, text := range mended {
		if err := os.WriteFile(at(name), text, 0o600); err != nil {
			return &environmentError{err}
		}
	}
	if _, ok := mended[start.File]; ok {
		start.File = at(start.File)
	}
	return nil
}

// start starts softIocPVA with a script, and gives its exit status as an error.
func (x *iocsh) start(script []byte, p *iocPlace, f *iocFolder) error {
	if err := iocPath(p.Base); err != nil {
		return err
	}
	var env []string
	for _, v := range startup.Environ(p.Place) {
		env = append(env, v.Name+"="+v.Value)
	}
	path, _ := x.getenv("PATH")
	env = append(env, "PATH="+strings.TrimSuffix(filepath.Join(p.Base, "bin", p.Arch)+":"+path, ":"))
	argv := []string{filepath.Join(p.Base, "bin", p.Arch, "softIocPVA"), "-D", filepath.Join(p.Base, "dbd", "softIocPVA.dbd")}
	return x.supervise(script, argv, overlay(os.Environ(), env), f)
}

// supervise starts the IOC with a script and stays with it.
func (x *iocsh) supervise(script []byte, argv, env []string, f *iocFolder) error {
	if x.dryRun {
		x.ui.Printf("%s", script)
		return nil
	}
	if x.name != "" {
		env = overlay(env, []string{"IOCNAME=" + x.name})
	}
	file := filepath.Join(f.path, "start.cmd")
	if err := os.WriteFile(file, script, 0o600); err != nil {
		return &environmentError{err}
	}
	argv, err := x.wrapped(append(argv, file))
	if err != nil {
		return err
	}
	if x.realtime {
		env = overlay(env, []string{"LD_BIND_NOW=1"})
	}
	mark := "CAIRN_IOC=" + rand.Text()
	if err := x.ui.Close(); err != nil {
		return err
	}
	signal.Stop(interrupts) // they are the IOC's from here on
	code, err := supervise.Run(supervise.Program{Argv: argv, Env: overlay(env, []string{"PWD=" + f.cwd, mark}), Grace: iocGrace, Mark: mark,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		return &environmentError{fmt.Errorf("cannot start %s: %w", argv[0], err)}
	}
	if code != 0 {
		return exitError(code)
	}
	return nil
}
