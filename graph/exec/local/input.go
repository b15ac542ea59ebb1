package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local/box"
)

// How inputs come into an action's tree:
//
//	up to smallInput bytes, while the action has copied no more than copyBudget    a copy
//	larger files, in the sandbox                                                   a read-only mount
//	larger files, without one                                                      a clone, or a copy where there are none
//	trees, in the sandbox                                                          a read-only mount
//	trees, without one                                                             a symbolic link to the tree
//
// Never a hard link: it would move the source's ctime, and a command that writes to it would write to the source.
const (
	smallInput = 1 << 20
	copyBudget = 64 << 20
)

// checkPath refuses what is no clean relative path below an action's tree.
func checkPath(what, p string) error {
	if p == "" || p == "." || path.IsAbs(p) || path.Clean(p) != p || p == ".." || strings.HasPrefix(p, "../") ||
		strings.IndexByte(p, 0) >= 0 {
		return fmt.Errorf("internal error: %s %q is no path below an action's tree; please report it", what, p)
	}
	return nil
}

// stager fills one action's tree. Nothing but it has written there, so that paths which checkPath accepts lead nowhere else.
type stager struct {
	dir    string
	fd     int
	mounts bool // the worker can mount
	out    []box.Mount
	made   map[string]bool
	copied int64
}

var copyBuffers = sync.Pool{New: func() any { return new([smallInput + 1]byte) }}

// stageInputs fills the tree at dir and gives the mounts that are still to be made there.
func stageInputs(dir string, s *exec.Spawn, mounts bool) ([]box.Mount, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	g := &stager{dir: dir, fd: fd, mounts: mounts, made: make(map[string]bool, 8)}
	for i := range s.Inputs {
		if err := g.input(&s.Inputs[i]); err != nil {
			return nil, err
		}
	}
	return g.out, eachDir(s, g.mkdirs)
}

// eachDir calls f for each folder that must be there when s starts.
func eachDir(s *exec.Spawn, f func(dir string) error) error {
	one := func(what, p string, self bool) error {
		if err := checkPath(what, p); err != nil {
			return err
		}
		if !self {
			p = path.Dir(p)
		}
		return f(p)
	}
	for i := range s.Outputs {
		if err := one("output", s.Outputs[i].Path, false); err != nil {
			return err
		}
	}
	for _, p := range []string{s.Stdout, s.DepFile} {
		if p != "" {
			if err := one("output", p, false); err != nil {
				return err
			}
		}
	}
	for _, p := range s.Dirs {
		if err := one("folder", p, true); err != nil {
			return err
		}
	}
	return nil
}

func (g *stager) input(in *exec.Input) error {
	if err := checkPath("input", in.Path); err != nil {
		return err
	}
	if err := g.mkdirs(path.Dir(in.Path)); err != nil {
		return err
	}
	if in.Tree {
		if g.mounts {
			if err := unix.Mkdirat(g.fd, in.Path, 0o755); err != nil {
				return &os.PathError{Op: "mkdir", Path: in.Path, Err: err}
			}
			g.out = append(g.out, box.Mount{Target: in.Path, Source: in.From})
			return nil
		}
		if err := unix.Symlinkat(in.From, g.fd, in.Path); err != nil {
			return &os.PathError{Op: "symlink", Path: in.Path, Err: err}
		}
		return nil
	}
	if in.From == "" {
		return g.write(in.Path, in.Data, in.Exec)
	}
	if in.Size <= smallInput && g.copied <= copyBudget {
		g.copied += in.Size
		return g.copySmall(in)
	}
	if g.mounts {
		fd, err := g.create(in.Path, in.Exec)
		if err != nil {
			return err
		}
		g.out = append(g.out, box.Mount{Target: in.Path, Source: in.From, File: true})
		return unix.Close(fd)
	}
	return g.copyBig(in)
}

func (g *stager) mkdirs(dir string) error {
	if dir == "." || g.made[dir] {
		return nil
	}
	if err := g.mkdirs(path.Dir(dir)); err != nil {
		return err
	}
	err := unix.Mkdirat(g.fd, dir, 0o755)
	if err == unix.EEXIST { // an input; a folder below a linked tree would lie in the tree itself
		return fmt.Errorf("internal error: %s is an input, and something else lies below it; please report it", dir)
	}
	if err != nil {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	g.made[dir] = true
	return nil
}

func (g *stager) create(p string, executable bool) (int, error) {
	mode := uint32(0o444)
	if executable {
		mode = 0o555
	}
	fd, err := unix.Openat(g.fd, p, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err == unix.EEXIST {
		return -1, fmt.Errorf("internal error: two inputs at %s; please report it", p)
	}
	if err != nil {
		return -1, &os.PathError{Op: "create", Path: p, Err: err}
	}
	return fd, nil
}

func (g *stager) write(p string, b []byte, executable bool) error {
	fd, err := g.create(p, executable)
	if err != nil {
		return err
	}
	err = box.WriteAll(fd, b)
	if cerr := unix.Close(fd); err == nil {
		err = cerr
	}
	if err != nil {
		return &os.PathError{Op: "write", Path: p, Err: err}
	}
	return nil
}

// copySmall copies with the fewest system calls. A file that is no longer as long as in.Size says is copied as it is; who
// stages it looks at its facts again.
func (g *stager) copySmall(in *exec.Input) error {
	src, err := unix.Open(in.From, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: in.From, Err: err}
	}
	buf := copyBuffers.Get().(*[smallInput + 1]byte)
	defer copyBuffers.Put(buf)
	n := 0
	for n < len(buf) {
		m, err := unix.Read(src, buf[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			unix.Close(src)
			return &os.PathError{Op: "read", Path: in.From, Err: err}
		}
		if n += m; m == 0 || int64(n) == in.Size {
			break
		}
	}
	unix.Close(src)
	if n == len(buf) { // it has grown
		return g.copyBig(in)
	}
	return g.write(in.Path, buf[:n], in.Exec)
}

func (g *stager) copyBig(in *exec.Input) error {
	src, err := os.Open(in.From)
	if err != nil {
		return err
	}
	defer src.Close()
	fd, err := g.create(in.Path, in.Exec)
	if err != nil {
		return err
	}
	dst := os.NewFile(uintptr(fd), filepath.Join(g.dir, in.Path))
	if !clone(dst, src) {
		_, err = io.Copy(dst, src)
	}
	return errors.Join(err, dst.Close())
}
