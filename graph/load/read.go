package load

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

// ReadKind is what an evaluation asked for.
type ReadKind uint8

const (
	File        ReadKind = 1 // a file's bytes
	Dir         ReadKind = 2 // a folder's names
	Env         ReadKind = 3 // a variable of the environment
	GitDescribe ReadKind = 4 // what git describe says in a folder
)

// Read is one answer that an evaluation got from outside. While all Reads of a Workspace would get the same answers, and
// the kinds, the host platform and the --var values are the same, its targets are what a new Load would give.
//
// Stat was taken before the content was read, so a file that changes meanwhile does not match it. A folder whose Stat
// differs may still have the same names: compare DirDigest.
type Read struct {
	Kind   ReadKind
	Path   string // File, Dir, GitDescribe: relative to the workspace; Env: the variable's name
	Absent bool   // there was none; Digest and Stat are zero
	Digest digest.Hash
	Stat   Stat // File and Dir
}

// DirDigest names what a folder holds: the SHA-256 of `<kind digit><name>\x00` for each entry in the order of the names'
// bytes, without cairn-out (the first build makes it). It is Read.Digest of a Dir.
func DirDigest(entries []Entry) digest.Hash {
	n := 0
	for _, e := range entries {
		n += len(e.Name) + 2
	}
	b := make([]byte, 0, n)
	for _, e := range entries {
		if e.Name == rule.OutDir {
			continue
		}
		b = append(b, '0'+byte(e.Kind))
		b = append(b, e.Name...)
		b = append(b, 0)
	}
	return sha256.Sum256(b)
}

// listing is a folder that was read.
type listing struct {
	entries []Entry
	err     error
}

// find gives the entry called name.
func (l *listing) find(name string) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(l.entries, name, func(e Entry, n string) int { return strings.Compare(e.Name, n) })
	if !ok {
		return Entry{}, false
	}
	return l.entries[i], true
}

type readID struct {
	kind ReadKind
	path string
}

type content struct {
	data []byte
	err  error
}

// recorder answers what evaluation asks of the outside, remembers each answer, and gives the same one ever after. Safe
// for concurrent use.
type recorder struct {
	fs       FS
	getenv   func(string) (string, bool)
	describe func(dir string) (string, error)

	mu    sync.Mutex
	reads map[readID]Read
	dirs  map[string]*listing
	files map[string]content // what file() and rules read
	exprs map[string]bool    // which of them file() did
	gits  map[string]content
}

func newRecorder(o Options) *recorder {
	return &recorder{fs: o.FS, getenv: o.Getenv, describe: o.GitDescribe,
		reads: map[readID]Read{}, dirs: map[string]*listing{}, files: map[string]content{}, exprs: map[string]bool{}, gits: map[string]content{}}
}

func (r *recorder) note(x Read) {
	r.mu.Lock()
	r.reads[readID{x.Kind, x.Path}] = x
	r.mu.Unlock()
}

// list reads a folder, once.
func (r *recorder) list(dir string) *listing {
	r.mu.Lock()
	l, ok := r.dirs[dir]
	r.mu.Unlock()
	if ok {
		return l
	}
	x := Read{Kind: Dir, Path: dir}
	st, err := r.fs.Lstat(dir)
	l = &listing{err: err}
	if err == nil {
		x.Stat = st
		l.entries, l.err = r.fs.ReadDir(dir)
	}
	x.Absent = l.err != nil
	if x.Absent {
		x.Stat = Stat{}
	} else {
		x.Digest = DirDigest(l.entries)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if had, ok := r.dirs[dir]; ok {
		return had
	}
	r.dirs[dir] = l
	r.reads[readID{Dir, dir}] = x
	return l
}

// read reads a file and does not keep it. A missing file is recorded as absent.
func (r *recorder) read(path string) ([]byte, error) {
	x := Read{Kind: File, Path: path}
	st, err := r.fs.Lstat(path)
	var b []byte
	if err == nil {
		x.Stat = st
		b, err = r.fs.ReadFile(path)
	}
	if err != nil {
		x.Absent, x.Stat = true, Stat{}
	} else {
		x.Digest = sha256.Sum256(b)
	}
	r.note(x)
	return b, err
}

// file is read, once.
func (r *recorder) file(path string) ([]byte, error) {
	r.mu.Lock()
	c, ok := r.files[path]
	r.mu.Unlock()
	if ok {
		return c.data, c.err
	}
	c.data, c.err = r.read(path)
	r.mu.Lock()
	defer r.mu.Unlock()
	if had, ok := r.files[path]; ok {
		return had.data, had.err
	}
	r.files[path] = c
	return c.data, c.err
}

// expr is file for an expression of a BUILD file.
func (r *recorder) expr(path string) ([]byte, error) {
	r.mu.Lock()
	r.exprs[path] = true
	r.mu.Unlock()
	return r.file(path)
}

func (r *recorder) rulesAlone(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.files[path]
	return ok && !r.exprs[path]
}

// env asks for a variable of the environment. A secret is not recorded: its value cannot reach a target.
func (r *recorder) env(name string, secret bool) (string, bool) {
	v, ok := r.getenv(name)
	if secret {
		return v, ok
	}
	x := Read{Kind: Env, Path: name, Absent: !ok}
	if ok {
		x.Digest = sha256.Sum256([]byte(v))
	}
	r.note(x)
	return v, ok
}

var errNoGit = errors.New("there is nothing here to ask git with")

// git describes the commit that a folder is at, once.
func (r *recorder) git(dir, abs string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.gits[dir]; ok {
		return string(c.data), c.err
	}
	if r.describe == nil {
		return "", errNoGit
	}
	s, err := r.describe(abs)
	r.gits[dir] = content{[]byte(s), err}
	x := Read{Kind: GitDescribe, Path: dir, Absent: err != nil}
	if err == nil {
		x.Digest = sha256.Sum256([]byte(s))
	}
	r.reads[readID{GitDescribe, dir}] = x
	return s, err
}

// all gives what was read, sorted by kind and path.
func (r *recorder) all() []Read {
	r.mu.Lock()
	defer r.mu.Unlock()
	rs := make([]Read, 0, len(r.reads))
	for _, x := range r.reads {
		rs = append(rs, x)
	}
	slices.SortFunc(rs, func(a, b Read) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Path, b.Path))
	})
	return rs
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
