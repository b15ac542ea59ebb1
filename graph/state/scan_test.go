package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// room is a workspace on disk with a graph of which all facts are known and none is racy.
type room struct {
	t    *testing.T
	root string
	g    *Graph
	env  map[string]string
}

func newRoom(t *testing.T) *room {
	r := &room{t: t, root: t.TempDir(), env: map[string]string{"CC": "gcc"}}
	b := NewBuilder(testSettings)
	b.Read(ReadRow{Kind: ReadEnv, Path: "CC", Digest: EnvDigest("gcc", true)})
	b.Read(ReadRow{Kind: ReadEnv, Path: "NONE", Digest: EnvDigest("", false)})
	b.Read(ReadRow{Kind: ReadAsk, Path: "git describe", Digest: digest.Of([]byte("v1"))})
	for _, pkg := range []string{"", "lib", "lib/deep", "app"} {
		p := func(n string) string { return strings.TrimPrefix(pkg+"/"+n, "/") }
		r.write(p("BUILD.hcl"), "# "+pkg)
		for i := range 6 {
			src := b.Source(p(fmt.Sprint("s", i)))
			out := rule.Artifact{Path: fmt.Sprint("cairn-out/", p(fmt.Sprint("t", i)), "/o"), Kind: rule.OutputFile}
			if i == 5 {
				out.Kind = rule.OutputTree
				for _, f := range []string{"x", "lib/y", "lib/z"} {
					r.write(out.Path+"/"+f, f)
				}
				os.Symlink("x", r.at(out.Path+"/link"))
			} else {
				r.write(out.Path, "out")
			}
			r.write(p(fmt.Sprint("s", i)), fmt.Sprint("content ", i))
			id := b.Target(TargetRow{Label: label.Label{Pkg: pkg, Name: fmt.Sprint("t", i)}, Default: []ArtifactID{b.Artifact(out)}})
			b.Action(ActionRow{Target: id, Inputs: []ArtifactID{src}, Outputs: []ArtifactID{b.Artifact(out)}, Tools: []string{"cc"}})
		}
		b.Read(ReadRow{Kind: ReadFile, Path: p("BUILD.hcl"), Stat: r.source(p("BUILD.hcl"))})
		b.Read(ReadRow{Kind: ReadFile, Path: p("absent.hcl")})
	}
	r.write("bin/cc", "elf")
	r.write("lib/linked", "seen through a link")
	os.Symlink("lib/linked", r.at("link"))
	b.Source("link")
	for _, pkg := range []string{"", "lib", "lib/deep", "app"} {
		b.Read(ReadRow{Kind: ReadDir, Path: pkg, Stat: r.source(pkg)})
	}
	g, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	r.g = g
	r.settle()
	return r
}

func (r *room) at(p string) string { return filepath.Join(r.root, filepath.FromSlash(p)) }

func (r *room) write(p, content string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.at(p)), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.at(p), []byte(content), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) source(p string) Stat {
	st, err := StatSource(r.at(p))
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

func (r *room) placed(p string) Stat {
	st, err := StatPlaced(r.at(p))
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

// settle takes all facts as they are, as if long after the last change.
func (r *room) settle() {
	later := func() int64 { return time.Now().Add(time.Hour).UnixNano() }
	for i := range r.g.NumArtifacts() {
		a := ArtifactID(i)
		if p := r.g.Path(a); r.g.IsSource(a) {
			f, err := HashFile(r.at(p), later)
			if err != nil {
				r.t.Fatal(err)
			}
			r.g.SetSource(a, f)
		} else {
			pl := Placed{Stat: r.placed(p)}
			if r.g.Kind(a) == rule.OutputTree {
				for _, e := range []string{"x", "lib", "lib/y", "lib/z", "link"} {
					pl.Tree = append(pl.Tree, Entry{e, r.placed(p + "/" + e)})
				}
			}
			r.g.SetPlaced(a, pl)
		}
	}
	for i := range r.g.NumReads() {
		if row := r.g.Read(ReadID(i)); row.Kind <= ReadDir {
			r.g.SetRead(ReadID(i), r.source(row.Path), false)
		}
	}
	r.g.SetTool(0, ToolFact{Files: []Entry{{r.at("bin/cc"), r.source("bin/cc")}, {r.at("bin/shadow"), Stat{}}}})
}

func (r *room) options() ScanOptions {
	return ScanOptions{Root: r.root,
		Getenv: func(n string) (string, bool) { v, ok := r.env[n]; return v, ok },
		Ask:    func(row ReadRow) bool { return row.Path == "git describe" && row.Digest == digest.Of([]byte("v1")) },
	}
}

// scan tells what has changed, in words: the same whoever looks.
func (r *room) scan() string {
	r.t.Helper()
	var first string
	for i, o := range []ScanOptions{r.options(), r.options(), r.options()} {
		o.Jobs = i
		if i == 2 {
			o.Stater = realStater{}
		}
		c, err := r.g.Scan(context.Background(), o)
		if err != nil {
			r.t.Fatal(err)
		}
		var s []string
		add := func(what, path string, missing, suspect bool) {
			if missing {
				what = "no " + what
			}
			if suspect {
				what += "?"
			}
			s = append(s, what+" "+path)
		}
		for _, x := range c.Sources {
			if p := r.g.Path(x.ID); !x.Stat.Missing() && x.Stat != r.source(p) {
				r.t.Error(p, "comes with wrong facts")
			}
			add("source", r.g.Path(x.ID), x.Stat.Missing(), x.Suspect)
		}
		for _, x := range c.Outputs {
			add("output", r.g.Path(x.ID), x.Missing, x.Suspect)
		}
		for _, x := range c.Reads {
			add("read", r.g.Read(x.ID).Path, false, x.Suspect)
		}
		for _, x := range c.Tools {
			add("tool", r.g.ToolName(x), false, false)
		}
		if c.None() != (len(s) == 0) {
			r.t.Error("None says otherwise")
		}
		got := strings.Join(s, ", ")
		if i == 0 {
			first = got
		} else if got != first {
			r.t.Errorf("variant %d: %s\nbut at first: %s", i, got, first)
		}
	}
	return first
}

type realStater struct{}

func (realStater) Source(p string) Stat { s, _ := StatSource(p); return s }
func (realStater) Placed(p string) Stat { s, _ := StatPlaced(p); return s }

func TestScanSeesWhatChanged(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *room)
		want string
	}{
		{"nothing", func(r *room) {}, ""},
		{"edit", func(r *room) { r.write("lib/s3", "longer than it was") }, "source lib/s3"},
		{"edit of the same length and mtime", func(r *room) {
			st := r.source("s1")
			r.write("s1", "CONTENT 1")
			os.Chtimes(r.at("s1"), time.Time{}, time.Unix(0, st.MtimeNS))
		}, "source s1"},
		{"touch", func(r *room) { os.Chtimes(r.at("s0"), time.Now(), time.Unix(1, 0)) }, "source s0"},
		{"chmod", func(r *room) { os.Chmod(r.at("app/s0"), 0o755) }, "source app/s0"},
		{"removed", func(r *room) { os.Remove(r.at("lib/deep/s2")) }, "no source lib/deep/s2, read lib/deep"},
		{"a folder removed", func(r *room) { os.RemoveAll(r.at("app")) },
			"no source app/s0, no source app/s1, no source app/s2, no source app/s3, no source app/s4, no source app/s5, read ., read app, read app/BUILD.hcl"},
		{"a folder in a file's place", func(r *room) { os.Remove(r.at("s4")); os.Mkdir(r.at("s4"), 0o777) }, "source s4, read ."},
		{"a link's goal edited", func(r *room) { r.write("lib/linked", "other") }, "source link"},
		{"a link led elsewhere", func(r *room) { os.Remove(r.at("link")); os.Symlink("./lib/linked", r.at("link")) }, "source link, read ."},
		{"a link led nowhere", func(r *room) { os.Remove(r.at("lib/linked")) }, "source link, read lib"},
		{"output overwritten", func(r *room) { r.write("cairn-out/app/t0/o", "mine") }, "output cairn-out/app/t0/o"},
		{"output removed", func(r *room) { os.Remove(r.at("cairn-out/t0/o")) }, "no output cairn-out/t0/o"},
		{"output's folder removed", func(r *room) { os.RemoveAll(r.at("cairn-out/t0")) }, "no output cairn-out/t0/o"},
		{"output linked elsewhere", func(r *room) { os.Link(r.at("cairn-out/t1/o"), r.at("cairn-out/t1/again")) }, ""},
		{"tree: file overwritten", func(r *room) { r.write("cairn-out/lib/t5/o/lib/z", "other bytes") }, "output cairn-out/lib/t5/o"},
		{"tree: file added", func(r *room) { r.write("cairn-out/lib/t5/o/lib/new", "") }, "output cairn-out/lib/t5/o"},
		{"tree: file added at the root", func(r *room) { r.write("cairn-out/lib/t5/o/new", "") }, "output cairn-out/lib/t5/o"},
		{"tree: link replaced", func(r *room) {
			p := r.at("cairn-out/lib/t5/o/link")
			os.Remove(p)
			os.Symlink("lib/y", p)
		}, "output cairn-out/lib/t5/o"},
		{"tree: gone", func(r *room) { os.RemoveAll(r.at("cairn-out/lib/t5/o")) }, "no output cairn-out/lib/t5/o"},
		{"tree: a file now", func(r *room) { os.RemoveAll(r.at("cairn-out/lib/t5/o")); r.write("cairn-out/lib/t5/o", "") }, "output cairn-out/lib/t5/o"},
		{"BUILD.hcl edited", func(r *room) { r.write("lib/BUILD.hcl", "# other") }, "read lib/BUILD.hcl"},
		{"absent file appears", func(r *room) { r.write("lib/absent.hcl", "") }, "read lib, read lib/absent.hcl"},
		{"new file beside", func(r *room) { r.write("app/new.c", "") }, "read app"},
		{"variable set", func(r *room) { r.env["NONE"] = "" }, "read NONE"},
		{"variable changed", func(r *room) { r.env["CC"] = "clang" }, "read CC"},
		{"variable unset", func(r *room) { delete(r.env, "CC") }, "read CC"},
		{"tool replaced", func(r *room) { r.write("bin/cc", "other elf") }, "tool cc"},
		{"tool shadowed", func(r *room) { r.write("bin/shadow", "") }, "tool cc"},
		{"source not known", func(r *room) { a, _ := r.g.FindArtifact("s2"); r.g.ForgetSource(a) }, "source s2"},
		{"output not placed", func(r *room) {
			a, _ := r.g.FindArtifact("cairn-out/t5/o")
			r.g.ClearPlaced(a)
			os.RemoveAll(r.at("cairn-out/t5"))
		}, ""},
		{"suspects", func(r *room) {
			for _, p := range []string{"s0", "cairn-out/t0/o", "cairn-out/t5/o"} {
				a, _ := r.g.FindArtifact(p)
				if f, ok := r.g.SourceFact(a); ok {
					f.Racy = true
					r.g.SetSource(a, f)
				} else {
					f, _ := r.g.Placed(a)
					f.Racy = true
					r.g.SetPlaced(a, f)
				}
			}
			r.g.SetRead(0, r.g.Read(0).Stat, true)
			f, _ := r.g.Tool(0)
			f.Racy = true
			r.g.SetTool(0, f)
		}, "source? s0, output? cairn-out/t0/o, output? cairn-out/t5/o, read? ., tool cc"},
		{"a suspect tree that changed inside", func(r *room) {
			a, _ := r.g.FindArtifact("cairn-out/t5/o")
			f, _ := r.g.Placed(a)
			f.Racy = true
			r.g.SetPlaced(a, f)
			r.write("cairn-out/t5/o/lib/y", "longer than one letter")
		}, "output cairn-out/t5/o"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t)
			c.do(r)
			if got := r.scan(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestScanIsQuietOnceFactsAreSet(t *testing.T) {
	r := newRoom(t)
	r.write("s1", "other")
	r.write("app/BUILD.hcl", "# other")
	r.write("bin/cc", "other")
	r.write("cairn-out/t0/o", "other")
	if r.scan() == "" {
		t.Fatal("nothing seen")
	}
	r.settle()
	if got := r.scan(); got != "" {
		t.Error(got)
	}
}

func TestScanLooksAtWhatIsWanted(t *testing.T) {
	r := newRoom(t)
	for _, p := range []string{"s0", "s1", "cairn-out/t0/o", "cairn-out/t1/o", "cairn-out/t5/o/x"} {
		r.write(p, "something else")
	}
	id, _ := r.g.FindTarget(lab("//:t0"), "")
	o := r.options()
	o.Wanted = r.g.Need([]TargetID{id}, false)
	c, err := r.g.Scan(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sources) != 1 || r.g.Path(c.Sources[0].ID) != "s0" || len(c.Outputs) != 1 || r.g.Path(c.Outputs[0].ID) != "cairn-out/t0/o" {
		t.Errorf("%+v", c)
	}
}

func TestScanErrors(t *testing.T) {
	r := newRoom(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.g.Scan(ctx, r.options()); err != context.Canceled {
		t.Error(err)
	}
	o := r.options()
	o.Root = r.at("nowhere")
	if _, err := r.g.Scan(context.Background(), o); err == nil {
		t.Error("a root that is not there is no error")
	}
}

func TestRacy(t *testing.T) {
	const now = 1_700_000_000_123_456_789
	const whole = now / secondNS * secondNS
	for _, c := range []struct {
		stamp, now int64
		want       bool
	}{
		{now, now, true}, {now - 9_000_000, now, true}, {now - 11_000_000, now, false}, {now + secondNS, now, true},
		{whole, whole + secondNS, true}, {whole, whole + 3*secondNS, false}, {now - RacyNS, now, false},
	} {
		if got := (Stat{CtimeNS: c.stamp, MtimeNS: 5}).RacyAt(c.now); got != c.want {
			t.Errorf("ctime %d at %d: %v", c.stamp, c.now, got)
		}
		if got := (Stat{MtimeNS: c.stamp, CtimeNS: now}).PlacedRacyAt(c.now); got != c.want {
			t.Errorf("mtime %d at %d: %v", c.stamp, c.now, got)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		files string
		stay  int
		want  string
	}{
		{"a", 0, ""},
		{"a/x", 0, ""},
		{"a/x a/y a/z", 0, "a"},
		{"p/t1/o p/t2/o p/t3/o", 0, "p"},
		{"p/t1/o p/t2/o", 0, ""},
		{"p/t9/o q/x", 1, "p"},
		{"p/q/r/o z/z", 1, "p"},
		{"p/q/r/a p/q/r/b p/q/r/c", 1, "p/q/r"},
	} {
		l, _ := parseListing(newListing(digest.Hash{}, entriesOf(c.files)))
		if got := string(pathOf(l.paths, l.recs[0])[:choose(l.paths, l.recs, 0, c.stay)]); got != c.want {
			t.Errorf("%s, in %d: %q, want %q", c.files, c.stay, got, c.want)
		}
	}
}

func entriesOf(files string) (es []Entry) {
	for _, f := range strings.Fields(files) {
		es = append(es, Entry{Path: f})
	}
	return es
}

func TestListing(t *testing.T) {
	es := []Entry{{"a", Stat{Size: 1}}, {"b/c", Stat{Ino: 2}}, {"/abs/d", Stat{Mode: 3}}}
	l, ok := parseListing(newListing(digest.Of(nil).Hash, es))
	got := l.entries()
	if !ok || l.identity != digest.Of(nil).Hash || len(got) != 3 {
		t.Fatal(got)
	}
	want := []Entry{es[0], es[2], es[1]}
	if !reflect.DeepEqual(got, want) {
		t.Fatal(got)
	}
}
