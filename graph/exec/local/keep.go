package local

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local/box"
	"github.com/cairn-build/cairn/graph/exec/local/sweep"
	"github.com/cairn-build/cairn/graph/toolset"
)

// A kept folder, <KeepDir>/<KeptName>, holds `work`, the action's tree with its inputs and what the command wrote, and
// `spawn.json`, which tells how it was run. Trees and large files that the sandbox mounted are empty in `work`; spawn.json
// says where they come from, and Enter mounts them again.

// spawnFile is the version 1 of spawn.json. Readers refuse other versions.
type spawnFile struct {
	Version   int            `json:"version"`
	Name      string         `json:"name"`
	Isolation exec.Isolation `json:"isolation"`
	Argv      []string       `json:"argv"`
	Env       []string       `json:"env"` // without what the runner adds
	Dir       string         `json:"dir"` // the working folder, as the command saw it
	Tools     []keptTool     `json:"tools"`
	Mounts    []keptMount    `json:"mounts,omitempty"`
	Scratch   []exec.Scratch `json:"scratch,omitempty"`
	Network   bool           `json:"network,omitempty"`
	ExitCode  int            `json:"exit_code"`
	Signal    string         `json:"signal,omitempty"`
	TimedOut  bool           `json:"timed_out,omitempty"`
	Missing   []string       `json:"missing,omitempty"` // declared outputs that are not there
}

type keptTool struct {
	Name     string            `json:"name"`
	Path     string            `json:"path,omitempty"`
	Roots    []string          `json:"roots,omitempty"`
	Programs map[string]string `json:"programs,omitempty"`
}

type keptMount struct {
	Path string `json:"path"`
	From string `json:"from"`
	File bool   `json:"file,omitempty"`
}

// KeptName gives the name of the folder that a target's failed action is kept in: the label in letters that every file
// system takes, and a few digits that tell labels apart which then look the same.
func KeptName(label string) string {
	var b strings.Builder
	for _, r := range strings.TrimPrefix(label, "//") {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), ".-")
	sum := sha256.Sum256([]byte(label))
	return name[:min(len(name), 100)] + "-" + hex.EncodeToString(sum[:4])
}

// keep moves the action's tree to KeepDir and replaces what was kept of the same target before. What goes wrong is no
// reason to hide the failure itself: then nothing is kept.
func (r *Runner) keep(s *exec.Spawn, k *kit, j *job, out *exec.Outcome) {
	if r.opt.KeepDir == "" {
		return
	}
	dir := filepath.Join(r.opt.KeepDir, KeptName(s.Name))
	x := &expander{kit: k}
	f := spawnFile{Version: 1, Name: s.Name, Isolation: r.level, Argv: j.req.Argv, Dir: j.req.Dir, Scratch: s.Scratch,
		Network: s.Network, ExitCode: out.ExitCode, Signal: out.Signal, TimedOut: out.TimedOut}
	for _, kv := range s.Env {
		f.Env = append(f.Env, x.do(kv))
	}
	for _, t := range s.Tools {
		f.Tools = append(f.Tools, keptTool{t.Name, t.Path, t.Roots, t.Programs})
	}
	for _, m := range j.req.Mounts {
		f.Mounts = append(f.Mounts, keptMount{m.Target, m.Source, m.File})
	}
	for i, p := range out.Outputs {
		if p == "" {
			f.Missing = append(f.Missing, s.Outputs[i].Path)
		}
	}
	r.keeping.Lock() // several actions of one target may fail at once: one of them is kept
	defer r.keeping.Unlock()
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil || sweep.Tree(dir) != nil || os.MkdirAll(dir, 0o700) != nil {
		return
	}
	work := filepath.Join(dir, "work")
	if r.level != exec.InPlace {
		if err := move(work, j.tree); err != nil {
			_ = sweep.Tree(dir)
			return
		}
		moveOutputs(out, j.tree, work)
	}
	if os.WriteFile(filepath.Join(dir, "spawn.json"), append(b, '\n'), 0o600) == nil {
		out.Kept = dir
	}
}

// moveOutputs lets the outcome's paths follow the tree.
func moveOutputs(out *exec.Outcome, from, to string) {
	for i, p := range out.Outputs {
		if rel, ok := strings.CutPrefix(p, from+"/"); ok {
			out.Outputs[i] = filepath.Join(to, rel)
		}
	}
	out.SetRelease(nil)
}

// move renames, or copies and removes across file systems.
func move(to, from string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	src, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	dst, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer dst.Close()
	sweep.Unlock(src, ".")
	if err := copyTree(dst, src, "."); err != nil {
		return err
	}
	return sweep.Tree(from)
}

// copyTree copies what lies below dir in src to dst: files, folders and links. Sockets, pipes and devices are left out.
func copyTree(dst, src *os.Root, dir string) error {
	d, err := src.Open(dir)
	if err != nil {
		return err
	}
	entries, err := d.ReadDir(-1)
	d.Close()
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			if err = dst.Mkdir(p, 0o755); err == nil {
				err = copyTree(dst, src, p)
			}
		case e.Type()&fs.ModeSymlink != 0:
			var to string
			if to, err = src.Readlink(p); err == nil {
				err = dst.Symlink(to, p)
			}
		case e.Type().IsRegular():
			err = copyFile(dst, src, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(dst, src *os.Root, p string) error {
	fi, err := src.Lstat(p)
	if err != nil {
		return err
	}
	if fi.Mode().Perm()&0o400 == 0 {
		if err := src.Chmod(p, fi.Mode().Perm()|0o400); err != nil {
			return err
		}
	}
	in, err := src.Open(p)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := dst.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fi.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// readKept reads a kept folder's spawn.json.
func readKept(dir string) (*spawnFile, error) {
	b, err := os.ReadFile(filepath.Join(dir, "spawn.json"))
	if err != nil {
		return nil, err
	}
	f := &spawnFile{}
	if err := json.Unmarshal(b, f); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "spawn.json"), err)
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("%s: version %d is not known to this cairn", filepath.Join(dir, "spawn.json"), f.Version)
	}
	return f, nil
}

func (f *spawnFile) tools() []toolset.Tool {
	ts := make([]toolset.Tool, len(f.Tools))
	for i, t := range f.Tools {
		ts[i] = toolset.Tool{Name: t.Name, Path: t.Path, Roots: t.Roots, Programs: t.Programs}
	}
	return ts
}

func (f *spawnFile) mounts() []box.Mount {
	var ms []box.Mount
	for _, m := range f.Mounts {
		ms = append(ms, box.Mount{Target: m.Path, Source: m.From, File: m.File})
	}
	return slices.Clip(ms)
}
