package tree

import (
	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
)

// Walk calls visit with each entry of a tree, a folder before what is in it, the names of one folder in byte order. It reads
// folders only, not files. The error is a *RefusedError for a tree that is not allowed, one that wraps cache.ErrMissing where
// a folder is not in the store, or visit's own.
func Walk(store cache.Blobs, root digest.Digest, visit func(Entry) error) error {
	var n budget
	return walk(store, root, "", 0, &n, visit)
}

// Flatten gives all entries of a tree, in the order of Walk.
func Flatten(store cache.Blobs, root digest.Digest) ([]Entry, error) {
	var all []Entry
	err := Walk(store, root, func(e Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// List gives what lies directly in a folder, whose path in the tree is dir ("" for the root), in the order of Walk; paths are in
// the tree. Errors are those of Walk.
func List(store cache.Blobs, folder digest.Digest, dir string) ([]Entry, error) {
	m, err := load(store, folder, dir)
	if err != nil {
		return nil, err
	}
	all := make([]Entry, 0, len(m.Files)+len(m.Directories)+len(m.Symlinks))
	err = inOrder(m, dir, func(e Entry) error {
		all = append(all, e)
		return nil
	})
	return all, err
}

func walk(store cache.Blobs, d digest.Digest, dir string, depth int, n *budget, visit func(Entry) error) error {
	m, err := load(store, d, dir)
	if err != nil {
		return err
	}
	return inOrder(m, dir, func(e Entry) error {
		if err := n.take(e.Path, depth); err != nil {
			return err
		}
		if err := visit(e); err != nil || !e.Dir {
			return err
		}
		return walk(store, e.Digest, e.Path, depth+1, n, visit)
	})
}

// inOrder gives what a message says, by name.
func inOrder(m *reapi.Directory, dir string, each func(Entry) error) error {
	f, s, l := m.Files, m.Directories, m.Symlinks
	for len(f)+len(s)+len(l) > 0 {
		var e Entry
		fileFirst := len(f) > 0 && (len(s) == 0 || f[0].Name < s[0].Name) && (len(l) == 0 || f[0].Name < l[0].Name)
		switch {
		case fileFirst:
			e = Entry{Path: join(dir, f[0].Name), Digest: f[0].Digest, Exec: f[0].Exec}
			f = f[1:]
		case len(s) > 0 && (len(l) == 0 || s[0].Name < l[0].Name):
			e = Entry{Path: join(dir, s[0].Name), Digest: s[0].Digest, Dir: true}
			s = s[1:]
		default:
			e = Entry{Path: join(dir, l[0].Name), Link: l[0].Target}
			l = l[1:]
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}
