package state

import (
	"bytes"
	"unsafe"

	"golang.org/x/sys/unix"
)

// walker looks at files with one system call each: openat for a folder with several of them, fstatat for a name in it. It
// allocates nothing after newWalker. Paths end in a NUL where they lie, in the snapshot.
type walker struct {
	st    Stat // what look found
	raw   unix.Stat_t
	root  int // the folder that paths are relative to: the workspace, or a tree
	base  int // an open folder below root, -1 for none
	outer int // the workspace, while root is a tree
	baseN int // length of base's path
	curN  int // length of the folder of the last path
	fd    int // where files of that folder are looked at from
	skip  int // how much of their path leads there

	paths   []byte
	recs    []pathRec
	basePth [unix.PathMax]byte
	cur     [unix.PathMax]byte
	treePth []byte
	inject  injected
}

func newWalker(root string, s Stater) (*walker, error) {
	w := &walker{base: -1, root: -1, outer: -1, inject: injected{root, s}}
	if s != nil {
		return w, nil
	}
	fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	w.root = fd
	return w, err
}

func (w *walker) close() {
	w.drop()
	if w.root >= 0 {
		unix.Close(w.root)
	}
}

func (w *walker) drop() {
	if w.base >= 0 {
		unix.Close(w.base)
		w.base = -1
	}
}

// begin says which paths follow. They are looked at in rising order.
func (w *walker) begin(paths []byte, recs []pathRec) {
	w.drop()
	w.paths, w.recs, w.curN = paths, recs, -1
}

// enter makes a tree the root of what follows, until leave.
func (w *walker) enter(tree []byte) bool {
	w.drop()
	w.treePth = tree
	if w.inject.stater != nil {
		return true
	}
	fd := openat(w.root, &tree[0])
	if fd < 0 {
		return false
	}
	w.outer, w.root = w.root, fd
	return true
}

func (w *walker) leave() {
	w.drop()
	w.treePth = nil
	if w.outer >= 0 {
		unix.Close(w.root)
		w.root, w.outer = w.outer, -1
	}
}

// look puts the facts of the i-th path into st; zero where there is nothing to be seen.
func (w *walker) look(i int, follow bool) {
	r := w.recs[i]
	p := w.paths[r.Off : r.Off+uint32(r.Len)+1]
	if w.inject.stater != nil {
		w.st = w.inject.look(w.treePth, p[:r.Len], follow)
		return
	}
	if dir := p[:r.Dir]; len(dir) != w.curN || !bytes.Equal(dir, w.cur[:w.curN]) {
		w.turn(i, p, int(r.Dir))
	}
	name := &p[w.skip]
	if !fstatat(w.fd, name, &w.raw, unix.AT_SYMLINK_NOFOLLOW) {
		w.st = Stat{}
		return
	}
	w.st = fromUnix(&w.raw)
	if follow && w.st.IsLink() && fstatat(w.fd, name, &w.raw, 0) {
		w.st = via(w.st, fromUnix(&w.raw))
	}
}

// turn decides from where the files of another folder are looked at.
func (w *walker) turn(i int, p []byte, dir int) {
	w.fd, w.skip, w.curN = w.root, 0, -1
	if dir >= len(w.cur) {
		return
	}
	w.curN = copy(w.cur[:], p[:dir])
	stay := 0
	if w.base >= 0 && dir >= w.baseN && bytes.Equal(p[:w.baseN], w.basePth[:w.baseN]) && p[w.baseN] == '/' {
		stay = w.baseN
	}
	n := choose(w.paths, w.recs, i, stay)
	if n == 0 {
		return
	}
	if n != stay {
		w.drop()
		w.baseN = copy(w.basePth[:], p[:n])
		w.basePth[n] = 0
		if w.base = openat(w.root, &w.basePth[0]); w.base < 0 {
			return // each file will say what is wrong
		}
	}
	w.fd, w.skip = w.base, n+1
}

func openat(dir int, path *byte) int {
	for {
		fd, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(path)), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0, 0)
		switch e {
		case 0:
			return int(fd)
		case unix.EINTR:
		default:
			return -1
		}
	}
}

func fstatat(dir int, path *byte, st *unix.Stat_t, flags int) bool {
	for {
		_, _, e := unix.Syscall6(sysFstatat, uintptr(dir), uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(st)), uintptr(flags), 0, 0)
		if e != unix.EINTR {
			return e == 0
		}
	}
}
