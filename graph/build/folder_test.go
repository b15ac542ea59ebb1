package build_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

// folderKind reads a folder of the host, and does what the file `also` in it says first: with a command that is not kept apart that may change
// the folder under itself.
var folderKind = &rule.Rule{Kind: "folder", Attrs: []rule.Attr{{Name: "path", Type: rule.String, Doc: "The folder."}},
	Analyze: func(c *rule.Context) error {
		out, folder := c.OutputFile("", "out"), rule.HostFolder(c.String("path"))
		c.Declare(rule.Action{Mnemonic: "Read", Outputs: []rule.Artifact{out}, Spawn: &rule.Spawn{Posix: true, HostTools: []string{folder},
			Argv: []string{"sh", "-euc", `[ -d "$1" ] || { echo absent > "$2"; exit 0; }
cat "$1/data" > "$2"
. "$1/also"`, "-", rule.HostTool(folder), out.Path}}})
		c.SetDefault(out)
		return nil
	}}

// folderWorld is a workspace with one target of folderKind, and that folder.
func folderWorld(t *testing.T, sandbox string) (folder string, run func(wantRan int, want string) []string) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, folder := filepath.Join(dir, "w"), filepath.Join(dir, "folder")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(root, "BUILD.hcl"), "workspace \"w\" {}\nfolder \"f\" { path = \""+folder+"\" }\n")
	return folder, func(wantRan int, want string) []string {
		t.Helper()
		var mu sync.Mutex
		var notices []string
		o := build.Options{Root: root, CacheDir: filepath.Join(dir, "cache"), Kinds: []*rule.Rule{folderKind}, Jobs: 1, Sandbox: sandbox, Version: "test", Events: func(v build.Event) {
			if v.Notice != nil {
				mu.Lock()
				defer mu.Unlock()
				notices = append(notices, v.Notice.Text)
			}
		}}
		e, err := build.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		ps, err := build.ParsePatterns([]string{"//:f"}, "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := e.Build(t.Context(), build.Request{Patterns: ps})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(root, "cairn-out/f/out")); err != nil || string(got) != want || s.Run != wantRan {
			t.Errorf("%q, want %q; %d ran, want %d; %v", got, want, s.Run, wantRan, err)
		}
		return notices
	}
}

func putFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestHostFolder builds again as a folder of the host comes, changes and goes.
func TestHostFolder(t *testing.T) {
	for _, sandbox := range []string{"off", "auto"} {
		t.Run(sandbox, func(t *testing.T) {
			folder, run := folderWorld(t, sandbox)
			run(1, "absent\n")
			run(0, "absent\n")
			putFile(t, folder+"/data", "1")
			putFile(t, folder+"/also", "")
			run(1, "1")
			run(0, "1")
			putFile(t, folder+"/data", "2")
			run(1, "2")
			putFile(t, folder+"/more", "")
			run(1, "2")
			if err := os.Remove(folder + "/more"); err != nil {
				t.Fatal(err)
			}
			run(0, "2") // it is what it was
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			run(0, "absent\n")
		})
	}
}

// TestHostFolderThatChangesUnderItsReader: what was read of it is not what its key says, and is read again.
func TestHostFolderThatChangesUnderItsReader(t *testing.T) {
	folder, run := folderWorld(t, "off")
	putFile(t, folder+"/data", "1")
	putFile(t, folder+"/also", `printf %s 2 > "$1/data"`)
	said := run(1, "2")
	if !strings.Contains(strings.Join(said, "\n"), "an input changed while it was used") {
		t.Errorf("%q", said)
	}
	run(0, "2")
	putFile(t, folder+"/data", "1")
	run(1, "2") // nothing was kept for the folder as it was while it changed
}
