// Package tree makes values of folders: a tree is the digest of a Directory message whose children are digests again.
// Capture turns a folder into a tree, Materialize a tree into a folder, Walk reads one. What a tree says comes from
// anywhere, so every name and link in it is checked before it means a path; what is not allowed is refused by name.
package tree

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
)

// Limits of what Walk, Capture and Materialize take. Equal folders share one message, so that a few hundred bytes can
// describe more files than a disk holds.
const (
	MaxDepth   = 256
	MaxEntries = 2_000_000
)

// RefusedError says which entry of a folder or tree is not allowed, and why.
type RefusedError struct {
	Path   string // in the tree, slash-separated; "." is its root
	Reason string
}

// Error implements error.
func (e *RefusedError) Error() string { return fmt.Sprintf("%q is refused: %s", e.Path, e.Reason) }

// Entry is a file, a folder or a link in a tree.
type Entry struct {
	Path   string        // in the tree, slash-separated
	Digest digest.Digest // of a file's bytes or of a folder's Directory; zero for a link
	Exec   bool          // a file's executable bit
	Dir    bool
	Link   string // a link's target, relative to the folder that the link is in; "" for what is no link
}

// Totals counts what is in a tree. Dirs does not count its root.
type Totals struct {
	Files, Dirs, Links int
	Bytes              int64
}

// CheckLink says why a link at path at (in the tree, slash-separated) must not lead to target: it is absolute, or may lead
// out of the tree. A ".." may stand only at the target's beginning: behind a name it would depend on whether that name is a
// link itself. With that rule no link of a tree, nor any chain of them, leads out. The error is a *RefusedError.
func CheckLink(at, target string) error {
	refuse := func(why string) error {
		return &RefusedError{Path: at, Reason: fmt.Sprintf("the link's target %q %s", target, why)}
	}
	switch {
	case target == "":
		return &RefusedError{Path: at, Reason: "the link has no target"}
	case strings.HasPrefix(target, "/"):
		return refuse("is absolute")
	case len(target) > 4095:
		return refuse("is too long")
	case strings.IndexByte(target, 0) >= 0 || !utf8.ValidString(target):
		return refuse("is not UTF-8")
	}
	depth, named := strings.Count(at, "/"), false
	for part := range strings.SplitSeq(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			named = true
		case named:
			return refuse(`has ".." behind a name`)
		default:
			if depth--; depth < 0 {
				return refuse("leads out of the tree")
			}
		}
	}
	return nil
}

// caseSet finds names of one folder that differ by case only.
type caseSet map[string]string

// add does nothing to a nil set.
func (s caseSet) add(dir, name string) error {
	if s == nil {
		return nil
	}
	folded := strings.ToLower(name)
	if other, ok := s[folded]; ok {
		return &RefusedError{Path: join(dir, name), Reason: fmt.Sprintf("%q is there too, and differs by case only", other)}
	}
	s[folded] = name
	return nil
}

// oneCase says whether all names are of ASCII without capitals, as nearly all are: then two that differ do so by more than case.
func oneCase(m *reapi.Directory) bool {
	for i := range m.Files {
		if !lower(m.Files[i].Name) {
			return false
		}
	}
	for i := range m.Directories {
		if !lower(m.Directories[i].Name) {
			return false
		}
	}
	for i := range m.Symlinks {
		if !lower(m.Symlinks[i].Name) {
			return false
		}
	}
	return true
}

func lower(name string) bool {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func orRoot(path string) string {
	if path == "" {
		return "."
	}
	return path
}

// budget counts entries against MaxEntries.
type budget int

func (b *budget) take(path string, depth int) error {
	if *b++; *b > MaxEntries {
		return &RefusedError{Path: orRoot(path), Reason: fmt.Sprintf("the tree has more than %d entries", MaxEntries)}
	}
	if depth > MaxDepth {
		return &RefusedError{Path: path, Reason: fmt.Sprintf("it lies more than %d folders deep", MaxDepth)}
	}
	return nil
}

// load reads one Directory and checks all that it says. dir is its path in the tree, "" for the root.
func load(store cache.Blobs, d digest.Digest, dir string) (*reapi.Directory, error) {
	b, err := store.Get(d)
	if err != nil {
		return nil, fmt.Errorf("folder %s of a tree: %w", orRoot(dir), err)
	}
	m, err := reapi.DecodeDirectory(b)
	if errors.Is(err, reapi.ErrMalformed) {
		return nil, &RefusedError{Path: orRoot(dir), Reason: err.Error()}
	}
	if err != nil {
		return nil, err
	}
	var names caseSet
	if !oneCase(m) {
		names = make(caseSet, len(m.Files)+len(m.Directories)+len(m.Symlinks))
	}
	for i := range m.Files {
		if err := names.add(dir, m.Files[i].Name); err != nil {
			return nil, err
		}
	}
	for i := range m.Directories {
		if err := names.add(dir, m.Directories[i].Name); err != nil {
			return nil, err
		}
	}
	for i := range m.Symlinks {
		if err := names.add(dir, m.Symlinks[i].Name); err != nil {
			return nil, err
		}
		if err := CheckLink(join(dir, m.Symlinks[i].Name), m.Symlinks[i].Target); err != nil {
			return nil, err
		}
	}
	return m, nil
}
