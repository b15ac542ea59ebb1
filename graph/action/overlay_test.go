package action

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/mem"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/cache/tree"
)

// overlaid lays trees over each other, each written as "path=content path=content path->link dir/", and lists what comes of it.
func overlaid(t *testing.T, trees ...string) string {
	t.Helper()
	x := &Executor{Store: placed{mem.New()}}
	var ds []digest.Digest
	for _, text := range trees {
		root := &reapi.Root{}
		for _, f := range strings.Fields(text) {
			if at, target, ok := strings.Cut(f, "->"); ok {
				root.AddSymlink(at, target)
			} else if at, ok := strings.CutSuffix(f, "/"); ok {
				root.AddEmptyDir(at)
			} else {
				at, content, _ := strings.Cut(f, "=")
				d, err := x.Store.Put([]byte(content))
				if err != nil {
					t.Fatal(err)
				}
				root.AddFile(at, d, strings.HasPrefix(content, "#!"))
			}
		}
		d, err := putRoot(x.Store, root)
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, d)
	}
	root := &reapi.Root{}
	if err := x.overlay(root, "", ds); err != nil {
		var f *Failed
		if !errors.As(err, &f) {
			t.Fatal(err)
		}
		return f.Summary
	}
	d, err := putRoot(x.Store, root)
	if err != nil {
		return err.Error()
	}
	entries, err := tree.Flatten(x.Store, d)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		switch {
		case e.Link != "":
			out = append(out, e.Path+"->"+e.Link)
		case e.Dir:
			out = append(out, e.Path+"/")
		default:
			b, err := x.Store.Get(e.Digest)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, e.Path+"="+string(b))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// placed is a store in memory, of which nothing is asked for its place on a disk.
type placed struct{ *mem.Store }

func (placed) BlobPath(digest.Digest, bool) (string, error) { return "", errors.ErrUnsupported }
func (placed) TreePath(digest.Digest) (string, error)       { return "", errors.ErrUnsupported }

func TestOverlay(t *testing.T) {
	for _, c := range []struct {
		what  string
		trees []string
		want  string
	}{
		{"nothing", nil, ""},
		{"one", []string{"a/b=1 a/c->b d/"}, "a/ a/b=1 a/c->b d/"},
		{"apart", []string{"a/b=1", "c/d=2"}, "a/ a/b=1 c/ c/d=2"},
		{"in one folder", []string{"a/x/b=1", "a/x/c=2", "a/y=3"}, "a/ a/x/ a/x/b=1 a/x/c=2 a/y=3"},
		{"alike", []string{"a/b=1 l->a", "a/b=1 l->a"}, "a/ a/b=1 l->a"},
		{"alike, and one more", []string{"a/b=1", "a/b=1", "a/c=2"}, "a/ a/b=1 a/c=2"},
		{"an empty folder and a full one", []string{"a/", "a/b=1"}, "a/ a/b=1"},
		{"other contents", []string{"a/b=1", "a/b=2"}, "two commands wrote a/b, with different contents"},
		{"other modes", []string{"a/b=#!", "a/b=1"}, "two commands wrote a/b, with different contents"},
		{"other links", []string{"a->b b=1 c=1", "a->c"}, "two commands wrote a, with different contents"},
		{"a file and a folder", []string{"a=1", "a/b=1"}, "two commands wrote a, with different contents"},
		{"a folder and a file", []string{"a/b=1", "a=1"}, "two commands wrote a, with different contents"},
	} {
		if got := overlaid(t, c.trees...); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
