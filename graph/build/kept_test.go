package build_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// keeping is a kind that makes a tree of the lines of its file, "name text", and keeps it in the source tree.
var keeping = &rule.Rule{Kind: "keeping",
	Attrs: []rule.Attr{{Name: "file", Type: rule.File, Doc: "The lines."}, {Name: "to", Type: rule.String, Doc: "Where."}, {Name: "srcs", Type: rule.Files, Doc: "Read, too."},
		{Name: "lays", Type: rule.Bool, Doc: "The tree goes into cairn-out."}},
	Calls: map[string]rule.CallFunc{"lines/1": func(_ context.Context, c rule.CallContext) error {
		file, out, _ := strings.Cut(string(c.Args()), " ")
		r, err := c.Open(file)
		if err != nil {
			return err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		for line := range strings.Lines(string(b)) {
			name, text, _ := strings.Cut(line, " ")
			if name == "bad" {
				return diag.List{{Summary: "bad line"}}
			}
			if err := c.Write(out+"/"+name, []byte(text), strings.HasPrefix(name, "bin/")); err != nil {
				return err
			}
		}
		return err
	}},
	Analyze: func(c *rule.Context) error {
		tree, file := c.OutputTree("", "tree"), c.Files("file")[0]
		c.Declare(rule.Action{Mnemonic: "Lines", Inputs: append(c.Files("srcs"), file), Outputs: []rule.Artifact{tree}, Call: &rule.Call{Func: "lines/1", Args: []byte(file.Path + " " + tree.Path)}})
		c.Check(tree)
		if c.Has("lays") {
			c.SetDefault(tree)
		}
		if c.Has("to") {
			c.Keep(rule.Kept{From: tree, To: c.KeepPath("to"), On: rule.OnWrite, Mark: "MARK", Header: "# [generated]", Leave: []string{"**/__pycache__/**", "*.lock"}})
		}
		return nil
	}}

// keepWorld is a workspace of one such target, or of what BUILD.hcl says.
type keepWorld struct {
	t       *testing.T
	root    string
	cache   string
	sandbox string
	mu      sync.Mutex
	notices []string
}

func newKeepWorld(t *testing.T) *keepWorld {
	w := &keepWorld{t: t, root: t.TempDir(), cache: t.TempDir()}
	w.put("BUILD.hcl", "workspace \"w\" {}\nkeeping \"k\" {\n  file = \"f\"\n  to = \"./gen/pkg\"\n}\n")
	return w
}

func (w *keepWorld) put(at, text string) {
	w.t.Helper()
	full := filepath.Join(w.root, at)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// do builds with r, in an engine of its own, and gives what is kept.
func (w *keepWorld) do(r build.Request, write bool) (*build.Summary, []*build.Keeping, error) {
	e, err := build.Open(build.Options{Root: w.root, Version: "t", Kinds: []*rule.Rule{keeping}, CacheDir: w.cache, Sandbox: w.sandbox, KeepGoing: true, Events: func(e build.Event) {
		if e.Notice != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.notices = append(w.notices, e.Notice.Text)
		}
	}})
	if err != nil {
		return nil, nil, err
	}
	defer e.Close()
	r.Patterns = []label.Pattern{{Kind: label.Below}}
	sum, err := e.Build(w.t.Context(), r)
	if err != nil {
		return nil, nil, err
	}
	get := e.Keepings
	if write {
		get = e.Write
	}
	ks, err := get(w.t.Context(), r)
	return sum, ks, err
}

// says gives what a request finds, "path how" for each file.
func (w *keepWorld) says(write bool) string {
	w.t.Helper()
	r := build.Request{Check: true}
	if write {
		r = build.Request{Kept: rule.OnWrite}
	}
	_, ks, err := w.do(r, write)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, k := range ks {
		if k.Refused != "" {
			out = append(out, "refused: "+k.Refused)
		}
		for _, f := range k.Files {
			word := string(f.How)
			if f.Edited {
				word += " edited"
			}
			out = append(out, strings.TrimPrefix(f.Path, "gen/pkg/")+" "+word)
		}
	}
	return strings.Join(out, ", ")
}

// lies gives the files below gen, with their texts.
func (w *keepWorld) lies() string {
	var out []string
	err := filepath.WalkDir(filepath.Join(w.root, "gen"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(filepath.Join(w.root, "gen"), p)
		out = append(out, filepath.ToSlash(rel)+"="+strings.TrimSpace(string(b)))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func (w *keepWorld) expect(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestKept(t *testing.T) {
	w := newKeepWorld(t)
	w.put("f", "MARK m\na/x one\nbin/run two\n")
	w.expect("check of nothing", w.says(false), "MARK missing, a/x missing, bin/run missing")
	if es, err := os.ReadDir(filepath.Join(w.root, "cairn-out")); err != nil || len(es) != 1 || es[0].Name() != ".state" {
		t.Errorf("cairn-out holds %v, %v", es, err)
	}
	w.expect("write", w.says(true), "MARK missing, a/x missing, bin/run missing")
	w.expect("there", w.lies(), "pkg/MARK=m pkg/a/x=one pkg/bin/run=two")
	if fi, err := os.Stat(filepath.Join(w.root, "gen/pkg/bin/run")); err != nil || fi.Mode()&0o100 == 0 {
		t.Errorf("bin/run: %v, %v", fi, err)
	}
	before, _ := os.Stat(filepath.Join(w.root, "gen/pkg/a/x"))
	w.expect("write again", w.says(true), "")
	if now, err := os.Stat(filepath.Join(w.root, "gen/pkg/a/x")); err != nil || !os.SameFile(before, now) || now.ModTime() != before.ModTime() {
		t.Errorf("a file that is as it should be was written again")
	}

	// What is left alone, what is foreign, what a process that died left.
	w.put("gen/pkg/a/__pycache__/x.pyc", "c")
	w.put("gen/pkg/pixi.lock", "l")
	w.put("gen/pkg/notes.md", "n")
	w.put("gen/pkg/a/.cairn-writes-1-1", "half")
	w.put("gen/pkg/a/old.py", "# [generated]\n")
	w.put("gen/pkg/a/x", "mine")
	w.put("f", "MARK m\nb/y one\nbin/run three\na/x one\n")
	w.expect("check", w.says(false), "a/old.py stale, a/x changed edited, b/y missing, bin/run changed, notes.md foreign")
	w.notices = nil
	w.put("f", "MARK m\nb/y one\nbin/run three\n")
	w.expect("write", w.says(true), "a/old.py stale, a/x stale edited, b/y missing, bin/run changed, notes.md foreign")
	w.expect("told", strings.Join(w.notices, "; "), "gen/pkg/a/x was edited since cairn wrote it; it is removed")
	w.expect("there", w.lies(), "pkg/MARK=m pkg/a/__pycache__/x.pyc=c pkg/b/y=one pkg/bin/run=three pkg/notes.md=n pkg/pixi.lock=l")

	// Without cairn's memory nothing counts as edited, and what is equal is up to date.
	if err := os.RemoveAll(filepath.Join(w.root, "cairn-out")); err != nil {
		t.Fatal(err)
	}
	w.put("gen/pkg/b/y", "mine")
	w.expect("a fresh clone", w.says(false), "b/y changed, notes.md foreign")

	// What cannot be made is left as it is.
	w.put("f", "bad\n")
	sum, ks, err := w.do(build.Request{Kept: rule.OnWrite}, true)
	if err != nil || sum.Failed != 1 || len(ks) != 1 || ks[0].Made || ks[0].Written {
		t.Errorf("a failure: %+v %+v %v", sum, ks, err)
	}
}

func TestKeptIsRefused(t *testing.T) {
	w := newKeepWorld(t)
	w.put("f", "MARK m\na one\n")
	w.put("gen/pkg/mine", "x")
	w.expect("a folder of somebody", w.says(true), "refused: the folder holds files and no MARK, so it is not one that cairn wrote, MARK missing, a missing, mine foreign")
	w.expect("there", w.lies(), "pkg/mine=x")
	if err := os.RemoveAll(filepath.Join(w.root, "gen")); err != nil {
		t.Fatal(err)
	}
	w.put("gen/pkg", "a file")
	w.expect("a file", w.says(true), "refused: it is a file or a link, and a folder is to be written")
	outside := t.TempDir()
	if err := os.RemoveAll(filepath.Join(w.root, "gen")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(w.root, "gen")); err != nil {
		t.Fatal(err)
	}
	w.expect("a link", w.says(true), "refused: gen is no folder")
	if es, err := os.ReadDir(outside); err != nil || len(es) != 0 {
		t.Errorf("outside: %v, %v", es, err)
	}
}

func TestWherePlacesMayBe(t *testing.T) {
	const second = "keeping \"l\" {\n  file = \"f\"\n  to = \"gen/pkg/deep\"\n}\n"
	for name, c := range map[string]struct {
		to, more, pkg string
		want          string
	}{
		"climbs":               {to: "../x", want: "Bad path \"../x\""},
		"the package":          {to: ".", want: "Bad path \".\""},
		"cairn's own":          {to: "cairn-out/x", want: "Bad path \"cairn-out/x\""},
		"another's":            {to: "gen/pkg", more: second, want: "//:k writes to gen/pkg as well"},
		"a package":            {to: "sub", pkg: "sub/deep", want: "The package //sub/deep lies there"},
		"in another package":   {to: "sub/x", pkg: "sub", want: "It is a folder of the package //sub"},
		"what it is made from": {to: "src", want: "src/g lies there, and //:k is made from it"},
	} {
		w := newKeepWorld(t)
		w.put("BUILD.hcl", "workspace \"w\" {}\nkeeping \"k\" {\n  file = \"f\"\n  srcs = [\"src/g\"]\n  to = \""+c.to+"\"\n}\n"+c.more)
		w.put("f", "MARK m\n")
		w.put("src/g", "g")
		if c.pkg != "" {
			w.put(c.pkg+"/f", "MARK m\n")
			w.put(c.pkg+"/BUILD.hcl", "keeping \"q\" {\n  file = \"f\"\n}\n")
		}
		if got := w.says(false); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestTwoWriteAtOnce has several processes' worth of engines write one place: none fails, and all is there.
func TestTwoWriteAtOnce(t *testing.T) {
	w := newKeepWorld(t)
	var lines []string
	for i := range 40 {
		lines = append(lines, "d"+string(rune('a'+i%7))+"/f"+string(rune('a'+i%26))+string(rune('a'+i/26))+" text")
	}
	w.put("f", "MARK m\n"+strings.Join(lines, "\n")+"\n")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { _, _, errs[i] = w.do(build.Request{Kept: rule.OnWrite}, true) })
	}
	wg.Wait()
	if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		t.Fatal(errs)
	}
	w.expect("afterwards", w.says(false), "")
	if n := len(strings.Fields(w.lies())); n != 41 {
		t.Errorf("%d files: %s", n, w.lies())
	}
}

// TestWriteThatFailsHalfway leaves a folder that the next one knows as ours, whole files, and nothing of its own beside them.
func TestWriteThatFailsHalfway(t *testing.T) {
	w := newKeepWorld(t)
	w.put("f", "MARK m\na one\nb one\nc one\n")
	w.put("gen/pkg/MARK/x", "a folder where a file belongs")
	if _, ks, err := w.do(build.Request{Kept: rule.OnWrite}, true); err != nil || ks[0].Refused == "" {
		t.Errorf("a folder in the mark's place: %+v, %v", ks, err)
	}
	if err := os.RemoveAll(filepath.Join(w.root, "gen")); err != nil {
		t.Fatal(err)
	}
	w.expect("write", w.says(true), "MARK missing, a missing, b missing, c missing")
	if err := os.Remove(filepath.Join(w.root, "gen/pkg/b")); err != nil {
		t.Fatal(err)
	}
	w.put("gen/pkg/b/mine", "x")
	w.put("f", "MARK n\na two\nb two\nc two\n")
	if got := w.says(true); !strings.Contains(got, "gen/pkg cannot be written") {
		t.Errorf("a folder where a file belongs: %s", got)
	}
	if got := w.lies(); strings.Contains(got, "cairn-writes") || !strings.Contains(got, "pkg/MARK=m") || !strings.Contains(got, "pkg/b/mine=x") {
		t.Errorf("halfway: %s", got)
	}
	if err := os.RemoveAll(filepath.Join(w.root, "gen/pkg/b")); err != nil {
		t.Fatal(err)
	}
	w.says(true)
	w.expect("afterwards", w.lies(), "pkg/MARK=n pkg/a=two pkg/b=two pkg/c=two")
}
