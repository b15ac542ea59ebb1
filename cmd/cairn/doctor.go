package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/exec/local"
)

// finding is what doctor says of one thing. State is "ok", "note" (works, with something to know) or "bad".
type finding struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

func doctorCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "doctor",
		Short: "Says what this machine can do, and what is wrong.",
		Long:  "Looks at what cairn stands on: the sandbox, the cache and its file system, the clock, the tools. Exits with 3 where something is wrong.",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			fs := a.examine(c.Context())
			bad := false
			for _, f := range fs {
				bad = bad || f.State == "bad"
			}
			if a.flags.json {
				if err := a.ui.JSON(fs); err != nil {
					return err
				}
			} else {
				for _, f := range fs {
					a.ui.Printf("%-10s %-4s %s\n", f.Name, f.State, f.Text)
					if f.Hint != "" {
						a.ui.Printf("%-15s %s\n", "", f.Hint)
					}
				}
			}
			if bad {
				return exitError(exitEnvironment)
			}
			return nil
		},
	})
}

func (a *app) examine(ctx context.Context) []finding {
	out := []finding{
		{"cairn", "ok", version + ", " + runtime.Version(), ""},
		{"machine", "ok", fmt.Sprintf("%s, %d processors", build.HostPlatform(), runtime.NumCPU()), ""},
	}
	root, _, err := findWorkspace()
	if err != nil {
		out = append(out, finding{"workspace", "note", err.Error(), ""})
	} else {
		out = append(out, finding{"workspace", "ok", root, ""}, examineFolder("outputs", root, a.now))
	}
	out = append(out, examineSandbox())
	dir, err := a.cacheDir()
	if err != nil {
		out = append(out, finding{"cache", "bad", err.Error(), "Set CAIRN_CACHE to a folder."})
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		out = append(out, finding{"cache", "bad", err.Error(), "Set CAIRN_CACHE to a folder that you may write to."})
	} else {
		out = append(out, examineFolder("cache", dir, a.now))
	}
	out = append(out, examineWatches()...)
	for _, t := range []struct{ name, flag, why string }{
		{"git", "--version", "git_describe() and git sources need it"},
		{"gcc", "--version", "C code needs a compiler"},
		{"python3", "--version", "Python environments need an interpreter"},
		{"go", "version", "go_binary and go_test need it"},
	} {
		out = append(out, examineTool(ctx, t.name, t.flag, t.why))
	}
	return out
}

func examineSandbox() finding {
	r, err := local.New(local.Options{Mode: local.Require, Slots: 1})
	if err != nil {
		return finding{"sandbox", "note", err.Error(), "Actions run in private folders: undeclared files can be read by their absolute paths. Keys are the same."}
	}
	defer r.Close()
	return finding{"sandbox", "ok", string(r.Isolation()), ""}
}

// examineFolder tries what cairn does with files in dir: write, rename, hard links, reflinks, and how fine times are.
func examineFolder(name, dir string, now func() time.Time) finding {
	f, err := os.CreateTemp(dir, ".cairn-doctor-*")
	if err != nil {
		return finding{name, "bad", err.Error(), "This folder must be writable."}
	}
	defer os.Remove(f.Name())
	_, werr := f.WriteString("x")
	info, serr := f.Stat()
	cerr := f.Close()
	for _, err := range []error{werr, serr, cerr} {
		if err != nil {
			return finding{name, "bad", err.Error(), ""}
		}
	}
	var can, cannot []string
	if link := f.Name() + ".link"; os.Link(f.Name(), link) == nil {
		os.Remove(link)
		can = append(can, "hard links")
	} else {
		cannot = append(cannot, "hard links")
	}
	if hasReflinks(f.Name()) {
		can = append(can, "reflinks")
	} else {
		cannot = append(cannot, "reflinks")
	}
	text := dir
	if len(can) > 0 {
		text += "; " + strings.Join(can, ", ")
	}
	if len(cannot) > 0 {
		text += "; no " + strings.Join(cannot, ", no ")
	}
	if d := info.ModTime().Sub(now()).Abs(); d > 2*time.Second {
		return finding{name, "note", fmt.Sprintf("%s; its clock is %s off this machine's", text, d.Round(time.Second)), "Files that look new are hashed again in each build."}
	}
	return finding{name, "ok", text, ""}
}

func examineTool(ctx context.Context, name, flag, why string) finding {
	path, err := exec.LookPath(name)
	if err != nil {
		return finding{name, "note", "not found", why + "."}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	b, err := exec.CommandContext(ctx, path, flag).CombinedOutput()
	if err != nil {
		return finding{name, "note", fmt.Sprintf("%s does not answer %s: %v", path, flag, err), why + "."}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	return finding{name, "ok", line + " (" + real + ")", ""}
}
