package reapi

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
)

// Root collects what an action reads, by path, in any order, and gives the digest of the folder that holds it all. Use
// Reset to build the next without allocating. Not safe for concurrent use.
type Root struct {
	entries []rootEntry
	sorted  bool
	err     error
	buf     []byte
}

type nodeKind uint8

const (
	fileNode nodeKind = iota
	treeNode
	linkNode
	emptyDir
)

type rootEntry struct {
	path   string
	target string
	digest digest.Digest
	kind   nodeKind
	exec   bool
}

// Reset empties r and keeps its memory.
func (r *Root) Reset() {
	clear(r.entries)
	r.entries, r.sorted, r.err, r.buf = r.entries[:0], false, nil, r.buf[:0]
}

// AddFile puts a file at path, which is relative and slash-separated. A bad path shows as Digest's error.
func (r *Root) AddFile(path string, d digest.Digest, exec bool) {
	r.add(rootEntry{path: path, digest: d, kind: fileNode, exec: exec})
}

// AddTree puts a whole tree at path, by the digest of its root Directory. Nothing else may lie below path.
func (r *Root) AddTree(path string, d digest.Digest) {
	r.add(rootEntry{path: path, digest: d, kind: treeNode})
}

// AddSymlink puts a symbolic link at path.
func (r *Root) AddSymlink(path, target string) {
	r.add(rootEntry{path: path, target: target, kind: linkNode})
}

// AddEmptyDir makes sure that there is a folder at path.
func (r *Root) AddEmptyDir(path string) { r.add(rootEntry{path: path, kind: emptyDir}) }

func (r *Root) add(e rootEntry) {
	if !cleanPath(e.path) && r.err == nil {
		r.err = fmt.Errorf("input %q: not a clean relative path", e.path)
	}
	r.entries = append(r.entries, e)
	r.sorted = false
}

// cleanPath says whether p has only proper names between its slashes.
func cleanPath(p string) bool {
	start := 0
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			if p[i] == 0 {
				return false
			}
			continue
		}
		switch n := i - start; {
		case n == 0, n == 1 && p[start] == '.', n == 2 && p[start] == '.' && p[start+1] == '.':
			return false
		}
		start = i + 1
	}
	return true
}

// comparePaths orders paths so that what lies in a folder follows it directly: a slash sorts before every other byte.
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if x, y := a[i], b[i]; x != y {
			switch {
			case x == '/':
				return -1
			case y == '/':
				return 1
			}
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func (r *Root) sort() {
	if r.sorted {
		return
	}
	byPath := func(a, b rootEntry) int { return comparePaths(a.path, b.path) }
	if len(r.entries) <= 8 { // the usual action; insertion without the call through a func value
		for i := 1; i < len(r.entries); i++ {
			for j := i; j > 0 && comparePaths(r.entries[j-1].path, r.entries[j].path) > 0; j-- {
				r.entries[j-1], r.entries[j] = r.entries[j], r.entries[j-1]
			}
		}
	} else {
		slices.SortStableFunc(r.entries, byPath)
	}
	r.sorted = true
}

// Digest gives the digest of the root Directory. The error names a path that is not clean, or two entries that cannot both
// be there; the same entry twice is no conflict.
func (r *Root) Digest() (digest.Digest, error) { return r.walk(nil) }

// Directories calls emit with each Directory message and its digest, children first and the root last; a folder that
// occurs twice comes twice. The bytes are valid until emit returns. Folders inside of added trees are not among them.
func (r *Root) Directories(emit func(d digest.Digest, b []byte)) error {
	_, err := r.walk(emit)
	return err
}

func (r *Root) walk(emit func(digest.Digest, []byte)) (digest.Digest, error) {
	if r.err != nil {
		return digest.Digest{}, r.err
	}
	r.sort()
	r.buf = r.buf[:0]
	return r.dir(0, len(r.entries), 0, emit)
}

// group finds the end of the entries that share entry i's name in the folder that starts at byte p of the path. leaf says
// that entry i itself carries the name, rather than something below it.
func (r *Root) group(i, hi, p int) (name string, end int, leaf bool) {
	rest := r.entries[i].path[p:]
	name, _, deeper := strings.Cut(rest, "/")
	end = i + 1
	for end < hi {
		next := r.entries[end].path[p:]
		if !strings.HasPrefix(next, name) || len(next) > len(name) && next[len(name)] != '/' {
			break
		}
		end++
	}
	return name, end, !deeper
}

// dir encodes the folder of entries lo to hi, whose names start at byte p of their paths. Messages of folders below are
// built in the same buffer, behind the unfinished one, and taken off when hashed.
func (r *Root) dir(lo, hi, p int, emit func(digest.Digest, []byte)) (digest.Digest, error) {
	start := len(r.buf)
	dirs, links := 0, 0
	for i := lo; i < hi; {
		e := &r.entries[i]
		name, end, leaf := r.group(i, hi, p)
		switch {
		case !leaf || e.kind == emptyDir:
			dirs++
			for j := i; j < end; j++ {
				if o := &r.entries[j]; len(o.path) == p+len(name) && o.kind != emptyDir {
					return digest.Digest{}, conflict(e, o)
				}
			}
		default:
			for j := i + 1; j < end; j++ {
				if r.entries[j] != *e {
					return digest.Digest{}, conflict(e, &r.entries[j])
				}
			}
			switch e.kind {
			case fileNode:
				n := FileNode{name, e.digest, e.exec}
				r.buf = appendFileField(r.buf, &n)
			case treeNode:
				dirs++
			default:
				links++
			}
		}
		i = end
	}
	for i := lo; dirs > 0 && i < hi; {
		e := &r.entries[i]
		name, end, leaf := r.group(i, hi, p)
		if !leaf || e.kind == emptyDir || e.kind == treeNode {
			dirs--
			n := DirectoryNode{name, e.digest}
			if !leaf || e.kind == emptyDir {
				below := i
				for below < end && len(r.entries[below].path) == p+len(name) {
					below++
				}
				var err error
				if n.Digest, err = r.dir(below, end, p+len(name)+1, emit); err != nil {
					return digest.Digest{}, err
				}
			}
			r.buf = appendDirectoryField(r.buf, &n)
		}
		i = end
	}
	for i := lo; links > 0 && i < hi; {
		e := &r.entries[i]
		name, end, leaf := r.group(i, hi, p)
		if leaf && e.kind == linkNode {
			links--
			n := SymlinkNode{name, e.target}
			r.buf = appendSymlinkField(r.buf, &n)
		}
		i = end
	}
	b := r.buf[start:]
	d := digest.Digest{Hash: sha256.Sum256(b), Size: int64(len(b))}
	if emit != nil {
		emit(d, b)
	}
	r.buf = r.buf[:start]
	return d, nil
}

func conflict(a, b *rootEntry) error {
	if a.path == b.path {
		return fmt.Errorf("input %q: two different things at one path", a.path)
	}
	return fmt.Errorf("inputs %q and %q: one lies inside the other, which is no folder", a.path, b.path)
}
