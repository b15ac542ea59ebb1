package load

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-build/cairn/graph/rule"
)

func TestReads(t *testing.T) {
	w := mustLoad(t, MapFS{
		"p/BUILD.hcl": `
command "c" {
  srcs   = glob(["src/**/*.c"])
  script = file("s.sh")
  stdout = git_describe()
  data   = [".hidden/x"]
}
`,
		"p/src/a/b.c": "", "p/s.sh": "x", "p/.hidden/x": "", ".git/HEAD": "", "cairn-out/p/BUILD.hcl": "broken {", "nested/BUILD.hcl": "workspace \"n\" {}",
		"nested/deep/BUILD.hcl": "broken {",
	}, func(o *Options) {
		o.GitDescribe = func(dir string) (string, error) { return "v1-" + filepath.Base(dir), nil }
	})
	var got []string
	for _, r := range w.Reads() {
		s := map[ReadKind]string{File: "file ", Dir: "dir ", Env: "env ", GitDescribe: "git "}[r.Kind] + r.Path
		if r.Absent {
			s += " absent"
		} else if r.Digest.IsZero() {
			t.Errorf("%s has no digest", s)
		}
		if (r.Kind == File || r.Kind == Dir) && !r.Absent && r.Stat == (Stat{}) {
			t.Errorf("%s has no stat", s)
		}
		got = append(got, s)
	}
	want := []string{"file BUILD.hcl", "file BUILD.lock.hcl absent", "file cairn.local.hcl absent", "file nested/BUILD.hcl", "file p/BUILD.hcl", "file p/s.sh",
		"dir ", "dir nested", "dir p", "dir p/.hidden", "dir p/src", "dir p/src/a", "git p"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if target(t, w, "//p:c").Attrs["stdout"].Value != "v1-p" {
		t.Error("git_describe")
	}
}

func TestGlob(t *testing.T) {
	fs := MapFS{"p/BUILD.hcl": "", "p/a.c": "", "p/b.c": "", "p/ab.h": "", "p/.dot": "", "p/sub/c.c": "", "p/sub/deep/d.c": "", "p/pkg/BUILD.hcl": "", "p/pkg/e.c": "",
		"p/ws/BUILD.hcl": "workspace \"x\" {}", "p/ws/f.c": "", "p/.hid/g.c": "", "p/été.txt": "", "p/sub/\u0065\u0301.txt": ""}
	w := mustLoad(t, fs)
	u := newUnit(w.l, "p", linux)
	for _, tt := range []struct {
		in, ex []string
		want   string
	}{
		{[]string{"*.c"}, nil, "a.c b.c"},
		{[]string{"**/*.c"}, nil, "a.c b.c sub/c.c sub/deep/d.c"},
		{[]string{"**"}, []string{"*.c"}, "ab.h sub/c.c sub/deep/d.c sub/e\u0301.txt été.txt"},
		{[]string{"sub/**"}, []string{"**/*.txt"}, "sub/c.c sub/deep/d.c"},
		{[]string{"**/deep/**"}, nil, "sub/deep/d.c"},
		{[]string{"**/**/d.c", "a?.h", "[ab].c"}, []string{"b.*"}, "a.c ab.h sub/deep/d.c"},
		{[]string{".*", ".hid/*"}, nil, ".dot .hid/g.c"},
		{[]string{"pkg/*", "ws/*", "BUILD.hcl", "**/BUILD.hcl"}, nil, ""},
		{[]string{"nosuch/*.c", "a.c/*"}, nil, ""},
	} {
		got, p := u.glob(tt.in, tt.ex)
		if p != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("glob(%v, %v) = %v %v, want %s", tt.in, tt.ex, got, p, tt.want)
		}
	}
}

// A name on disk in Unicode's decomposed form is found by its composed one, which is all that the language knows.
func TestDecomposedNames(t *testing.T) {
	w := mustLoad(t, MapFS{"BUILD.hcl": "workspace \"w\" {}\nthing \"t\" { file = \"\u00e9.txt\" }\ncommand \"c\" { srcs = glob([\"*.txt\"]) }", "e\u0301.txt": ""})
	if got := target(t, w, "//:t").Attrs["file"].Value.(rule.Ref).Path; got != "e\u0301.txt" {
		t.Errorf("%q", got)
	}
	if got := target(t, w, "//:c").Attrs["srcs"].Value.([]rule.Ref)[0].Path; got != "e\u0301.txt" {
		t.Errorf("%q", got)
	}
}

func TestDisk(t *testing.T) {
	root := t.TempDir()
	write := func(p, s string) {
		t.Helper()
		p = filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("BUILD.hcl", "# a comment\n\nworkspace \"w\" {}\n")
	write("a/b/BUILD.hcl", "command \"c\" { srcs = glob([\"*.txt\"]) }\nthing \"l\" { file = \"link\" }\n")
	write("a/b/x.txt", "x")
	write("in/BUILD.hcl", "workspace \"inner\" {}")
	write("in/p/BUILD.hcl", "")
	for link, to := range map[string]string{"a/b/link": "x.txt", "a/b/loop": "..", "a/b/dangling.txt": "nope"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	w := mustLoad(t, MapFS{}, func(o *Options) { o.FS, o.Root = nil, root })
	if len(w.Targets) != 2 || len(w.Packages) != 2 || w.Name != "w" {
		t.Errorf("targets %v, packages %d", w.Targets, len(w.Packages))
	}
	if got := target(t, w, "//a/b:c").Attrs["srcs"].Value.([]rule.Ref); len(got) != 1 || got[0].Path != "a/b/x.txt" {
		t.Errorf("glob: %v", got)
	}
	for dir, want := range map[string]string{"": "", "a/b": "", "in": "in", "in/p": "in"} {
		got, err := FindRoot(filepath.Join(root, dir))
		if err != nil || got != filepath.Join(root, want) {
			t.Errorf("FindRoot(%q) = %q, %v", dir, got, err)
		}
	}
	if _, err := FindRoot(t.TempDir()); !errors.Is(err, ErrNoWorkspace) {
		t.Errorf("FindRoot elsewhere: %v", err)
	}
	reads := w.Reads()
	i := slices.IndexFunc(reads, func(r Read) bool { return r.Kind == Dir && r.Path == "a/b" })
	entries, err := Disk(root).ReadDir("a/b")
	if err != nil || i < 0 || DirDigest(entries) != reads[i].Digest || reads[i].Stat.Inode == 0 {
		t.Errorf("the folder's read: %v %v", reads[i], err)
	}
}
