package git

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch"
)

// The modes that git writes into trees, octal.
const (
	modeFolder    = "40000"
	modeFile      = "100644"
	modeGroupFile = "100664" // old repositories
	modeProgram   = "100755"
	modeLink      = "120000"
	modeSubmodule = "160000"
)

// entry is one line of a tree object.
type entry struct{ mode, name, id string }

// parseTree reads a tree object: for each entry the mode in octal, a space, the name, NUL, and the id as bytes.
func parseTree(b []byte, idSize int) ([]entry, error) {
	var es []entry
	for len(b) > 0 {
		mode, rest, ok := bytes.Cut(b, []byte{' '})
		name, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(rest) < idSize {
			return nil, errors.New("the tree object is malformed")
		}
		es = append(es, entry{string(mode), string(name), hex.EncodeToString(rest[:idSize])})
		b = rest[idSize:]
	}
	return es, nil
}

func readTree(s objectStore, id string) ([]entry, error) {
	b, err := readAll(s, id, "tree")
	if err != nil {
		return nil, err
	}
	return parseTree(b, len(id)/2)
}

// treeAt gives the id of the tree at subdir of a commit.
func treeAt(s objectStore, a address, commit, subdir string) (string, error) {
	b, err := readAll(s, commit, "commit")
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	id, ok := strings.CutPrefix(line, "tree ")
	if !ok || !isID(id) {
		return "", fmt.Errorf("commit %s of %s is malformed", commit, a.show)
	}
	if subdir == "" {
		return id, nil
	}
	done := ""
	for part := range strings.SplitSeq(subdir, "/") {
		es, err := readTree(s, id)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(es, func(e entry) bool { return e.name == part })
		done += part
		if i < 0 || es[i].mode != modeFolder {
			e := &fetch.DeclaredError{Code: "no-path", Summary: fmt.Sprintf("Commit %s of %s has no folder %q", short(commit), a.show, done)}
			if i >= 0 {
				e.Detail = "It is no folder there."
				return "", e
			}
			var folders []string
			for _, f := range es {
				if f.mode == modeFolder {
					folders = append(folders, f.name)
				}
			}
			e.Hint = diag.DidYouMean(part, folders)
			return "", e
		}
		id = es[i].id
		done += "/"
	}
	return id, nil
}

type exportOptions struct {
	emptySubmodules bool
	// submodule writes what belongs into the folder of one; nil: that is an error.
	submodule func(e entry, into *os.Root, path string) error
	where     string // for messages: repository and commit
}

type exporter struct {
	exportOptions
	ctx   context.Context
	s     objectStore
	count int
	buf   []byte
}

// export writes a tree below into: the bytes of blobs, and nothing else. What cannot be a tree of ours is a
// *fetch.DeclaredError that names the entry.
func export(ctx context.Context, s objectStore, id string, into *os.Root, o exportOptions) error {
	x := &exporter{exportOptions: o, ctx: ctx, s: s, buf: make([]byte, 256<<10)}
	return x.folder(id, into, "", 0)
}

func (x *exporter) refuse(code, path, why, hint string) error {
	return &fetch.DeclaredError{Code: code, Summary: fmt.Sprintf("%q of %s cannot be used", path, x.where), Detail: why, Hint: hint}
}

func (x *exporter) folder(id string, into *os.Root, dir string, depth int) error {
	if x.ctx.Err() != nil {
		return x.ctx.Err()
	}
	es, err := readTree(x.s, id)
	if err != nil {
		return err
	}
	folded := make(map[string]string, len(es))
	for _, e := range es {
		path := strings.TrimPrefix(dir+"/"+e.name, "/")
		low := strings.ToLower(e.name)
		x.count++
		switch other, clash := folded[low]; {
		case e.name == "" || e.name == "." || e.name == ".." || low == ".git" || strings.ContainsAny(e.name, "/\\\n\x00"):
			return x.refuse("bad-name", path, "No file may have that name.", "")
		case !utf8.ValidString(e.name):
			return x.refuse("bad-name", path, "The name is not UTF-8.", "")
		case clash:
			return x.refuse("case-clash", path, fmt.Sprintf("%q is there too, and differs by case only.", other), "Rename one, or take another folder with subdir.")
		case x.count > tree.MaxEntries || depth > tree.MaxDepth:
			return x.refuse("too-large", path, fmt.Sprintf("The tree has more than %d entries, or is more than %d folders deep.", tree.MaxEntries, tree.MaxDepth), "")
		}
		folded[low] = e.name
		if err := x.entry(e, into, path, depth); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) entry(e entry, into *os.Root, path string, depth int) error {
	switch e.mode {
	case modeFile, modeGroupFile:
		return x.file(e, into, path, 0o644)
	case modeProgram:
		return x.file(e, into, path, 0o755)
	case modeFolder:
		return x.below(e, into, path, depth)
	case modeLink:
		return x.link(e, into, path)
	case modeSubmodule:
		return x.submoduleAt(e, into, path)
	}
	return x.refuse("bad-mode", path, fmt.Sprintf("It has the mode %s, which is no file's, folder's or link's.", e.mode), "")
}

func (x *exporter) submoduleAt(e entry, into *os.Root, path string) error {
	if x.submodule == nil && !x.emptySubmodules {
		return x.refuse("submodule", path, "It is a submodule.", "Write submodules = true to fetch it, or submodules = false to leave its folder empty.")
	}
	if err := into.Mkdir(e.name, 0o755); err != nil || x.submodule == nil {
		return err
	}
	sub, err := into.OpenRoot(e.name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return x.submodule(e, sub, path)
}

func (x *exporter) below(e entry, into *os.Root, path string, depth int) error {
	if err := into.Mkdir(e.name, 0o755); err != nil {
		return err
	}
	sub, err := into.OpenRoot(e.name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return x.folder(e.id, sub, path, depth+1)
}

// Pointers that Git LFS, and what it was called before, leave in the place of files; see the LFS specification.
var lfsHeads = [][]byte{[]byte("version https://git-lfs.github.com/spec/v1"), []byte("version https://hawser.github.com/spec/v1")}

func (x *exporter) file(e entry, into *os.Root, path string, mode os.FileMode) error {
	p, err := prove(x.s, e.id, "blob")
	if err != nil {
		return err
	}
	defer p.Close()
	var r io.Reader = p
	if p.o.size < 1024 {
		b, err := io.ReadAll(p)
		if err != nil {
			return err
		}
		for _, head := range lfsHeads {
			if bytes.HasPrefix(b, head) {
				return x.refuse("lfs-pointer", path, "It is a pointer of Git LFS, not the file itself, and cairn does not fetch those.",
					"Fetch the file with http_file, or take another folder with subdir.")
			}
		}
		r = bytes.NewReader(b)
	}
	f, err := into.OpenFile(e.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{r}, x.buf)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (x *exporter) link(e entry, into *os.Root, path string) error {
	p, err := prove(x.s, e.id, "blob")
	if err != nil {
		return err
	}
	defer p.Close()
	b, err := io.ReadAll(io.LimitReader(p, 8192))
	if err != nil {
		return err
	}
	var bad *tree.RefusedError
	if err := tree.CheckLink(path, string(b)); errors.As(err, &bad) {
		return x.refuse("link-leaves-tree", path, capital(bad.Reason)+".", "")
	} else if err != nil {
		return err
	}
	return into.Symlink(string(b), e.name)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
