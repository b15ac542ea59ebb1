package python

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
)

// trees is a rule.CallContext with input trees, whose blobs are named by their content; it keeps what is put into the output.
type trees struct {
	rule.CallContext
	args []byte
	in   map[string][]rule.Entry
	out  []string
}

func (c *trees) Args() []byte                              { return c.args }
func (c *trees) Entries(tree string) ([]rule.Entry, error) { return c.in[tree], nil }
func (c *trees) Write(string, []byte, bool) error          { return nil }

// Folder gives folders by what is in them: two that hold the same are the same.
func (c *trees) Folder(at string) ([]rule.Entry, error) {
	tree, in, _ := strings.Cut(at, "/")
	var out []rule.Entry
	for _, e := range c.in[tree] {
		rel, ok := strings.CutPrefix(e.Path, in)
		if rel = strings.TrimPrefix(rel, "/"); !ok {
			continue
		}
		name, rest, deep := strings.Cut(rel, "/")
		if !deep {
			out = append(out, rule.Entry{Path: name, Blob: e.Blob, Link: e.Link})
			continue
		}
		if n := len(out); n == 0 || out[n-1].Path != name {
			out = append(out, rule.Entry{Path: name, Dir: true})
		}
		out[len(out)-1].Blob.SHA256 += rest + "=" + e.Blob.SHA256 + "\n"
	}
	return out, nil
}

func (c *trees) LinkTree(at string, b rule.Blob) error {
	for line := range strings.Lines(b.SHA256) {
		name, content, _ := strings.Cut(strings.TrimSpace(line), "=")
		if err := c.Link(at+"/"+name, rule.Blob{SHA256: content}, false); err != nil {
			return err
		}
	}
	return nil
}

func (c *trees) Link(at string, b rule.Blob, x bool) error {
	c.out = append(c.out, strings.TrimPrefix(at, "out/")+"="+b.SHA256)
	return nil
}

// merged gives what wheels come to, each written as "NAME path=content path=content".
func merged(overlaps []string, wheels ...string) string {
	c := &trees{in: map[string][]rule.Entry{}}
	for _, w := range wheels {
		name, files, _ := strings.Cut(w, " ")
		c.in["wheels"] = append(c.in["wheels"], rule.Entry{Path: name + "-1-py3-none-any.whl"})
		for _, f := range strings.Fields(files) {
			at, content, _ := strings.Cut(f, "=")
			c.in["parts"] = append(c.in["parts"], rule.Entry{Path: name + "-1-py3-none-any/" + at, Blob: rule.Blob{SHA256: content}})
		}
	}
	slices.SortFunc(c.in["parts"], func(a, b rule.Entry) int { return strings.Compare(a.Path, b.Path) })
	c.args = encode(mergeArgs{Parts: []string{"parts"}, Wheels: []string{"wheels"}, Out: "out", List: "list", Overlaps: overlaps})
	if err := merge(context.Background(), c); err != nil {
		return "error: " + err.Error()
	}
	slices.Sort(c.out)
	return strings.Join(c.out, " ")
}

func TestMerge(t *testing.T) {
	const site = "lib/python3/site-packages/"
	many := func(content string) string {
		var b strings.Builder
		for i := range 30 {
			fmt.Fprintf(&b, " f%02d=%s", i, content)
		}
		return b.String()
	}
	for _, c := range []struct {
		what     string
		overlaps []string
		wheels   []string
		want     string
	}{
		{"side by side", nil, []string{"a x.py=1", "b y.py=2"}, "x.py=1 y.py=2"},
		{"lib64 is lib", nil, []string{"a lib/x.py=1", "b lib64/y.so=2 lib64/x.py=1"}, "lib/x.py=1 lib/y.so=2"},
		{"the same file twice", nil, []string{"a n/__init__.py=1", "b n/__init__.py=1"}, "n/__init__.py=1"},
		{"a clash names the source, not its bytecode", nil, []string{"a x.py=1 __pycache__/x.cpython-311.pyc=1c", "b x.py=2 __pycache__/x.cpython-311.pyc=2c"},
			"error: a 1 and b 1 both have x.py, with different contents\nif it does not matter which of them is used, name it in overlaps"},
		{"an overlap takes the bytecode along", []string{"x.py"}, []string{"a " + site + "x.py=1 " + site + "__pycache__/x.cpython-311.pyc=1c", "b " + site + "x.py=2 " + site + "__pycache__/x.cpython-311.pyc=2c"},
			site + "__pycache__/x.cpython-311.pyc=1c " + site + "x.py=1"},
		{"bytecode of a source that lost is left out", []string{"*.py"}, []string{"a x.py=1", "b x.py=2 __pycache__/x.cpython-311.pyc=2c"}, "x.py=1"},
		{"in folders of any depth", []string{"**/tests/*"}, []string{"a p/q/tests/x=1", "b p/q/tests/x=2"}, "p/q/tests/x=1"},
		{"bytecode alone", nil, []string{"a __pycache__/x.pyc=1", "b __pycache__/x.pyc=2"},
			"error: a 1 and b 1 both have __pycache__/x.pyc, with different contents\nif it does not matter which of them is used, name it in overlaps"},
	} {
		if got := merged(c.overlaps, c.wheels...); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.what, got, c.want)
		}
	}
	if got := merged(nil, "a"+many("1"), "b"+many("2")); strings.Count(got, "\n") != 21 || !strings.Contains(got, "\nand 10 more\n") {
		t.Errorf("many clashes: %s", got)
	}
}
