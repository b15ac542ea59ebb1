package action

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
)

// A layer lies at LayerDir/<digest of all that is in it> and is never changed: what it is made from names it. Another place
// of the interpreter, or another tree beside it, is another layer. One that nobody has used for layerAge is removed when a new
// one is made.
const layerAge = 30 * 24 * time.Hour

// Place says where things are on this machine: programs by name, and what lies at a path of the action's tree.
type Place struct {
	Tool func(name string) string
	// At gives what a link at from, in the action's tree, must say to lead to the path to.
	At func(from, to string) string
}

// expandLayer puts this machine's paths into a layer: name -> (text, link).
func expandLayer(l rule.Layer, p Place) []rule.LayerFile {
	tool := func(name string) string {
		if dir, ok := strings.CutPrefix(name, "/"); ok {
			return filepath.Dir(p.Tool(dir))
		}
		return p.Tool(name)
	}
	out := make([]rule.LayerFile, len(l.Files))
	for i, f := range l.Files {
		out[i] = rule.LayerFile{Path: f.Path, Text: rule.ExpandHostTools(f.Text, tool)}
		switch {
		case f.Link == "":
		case strings.HasPrefix(f.Link, "\x01"):
			out[i].Link = rule.ExpandHostTools(f.Link, tool)
		default:
			out[i].Link = p.At(path.Join(l.Path, f.Path), f.Link)
		}
	}
	return out
}

// MakeLayer makes a layer for this machine where it is not there yet or not as it was made, and gives its folder. A program
// that runs in it may write there.
func (x *Executor) MakeLayer(l rule.Layer, p Place) (string, error) {
	files := expandLayer(l, p)
	e := &encoder{}
	e.layers([]rule.Layer{{Files: files}})
	dir := filepath.Join(x.LayerDir, digest.Of(e.b).Hash.String()[:32])
	if fi, err := os.Lstat(dir); err == nil && wholeLayer(dir, files) {
		if time.Since(fi.ModTime()) > layerAge/10 {
			now := time.Now()
			_ = os.Chtimes(dir, now, now) // only for who sweeps
		}
		return dir, nil
	}
	if err := os.MkdirAll(x.LayerDir, 0o755); err != nil {
		return "", &EnvError{err}
	}
	x.sweepLayers()
	tmp, err := os.MkdirTemp(x.TempDir, "layer-")
	if err != nil {
		return "", &EnvError{err}
	}
	defer os.RemoveAll(tmp)
	if err := writeLayer(tmp, files); err != nil {
		return "", &EnvError{err}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", &EnvError{err}
	}
	for try := 0; ; try++ {
		err := os.Rename(tmp, dir)
		if err == nil || wholeLayer(dir, files) { // made by somebody else just now
			return dir, nil
		}
		if try == 3 {
			return "", &EnvError{err}
		}
		aside := tmp + ".changed"
		if err := os.Rename(dir, aside); err == nil {
			_ = os.RemoveAll(aside)
		}
	}
}

// wholeLayer says whether a folder holds a layer's files and links as they were made, and nothing else.
func wholeLayer(dir string, files []rule.LayerFile) bool {
	want := map[string]rule.LayerFile{}
	for _, f := range files {
		want[f.Path] = f
	}
	found := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		f, ok := want[filepath.ToSlash(rel)]
		switch {
		case !ok:
			return fs.ErrExist
		case f.Link != "":
			if to, err := os.Readlink(p); err != nil || to != f.Link {
				return fs.ErrInvalid
			}
		default:
			if b, err := os.ReadFile(p); err != nil || string(b) != f.Text {
				return fs.ErrInvalid
			}
		}
		found++
		return nil
	})
	return err == nil && found == len(want)
}

func writeLayer(dir string, files []rule.LayerFile) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		name := filepath.FromSlash(f.Path)
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if f.Link != "" {
			err = root.Symlink(f.Link, name)
		} else {
			err = root.WriteFile(name, []byte(f.Text), 0o444)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepLayers removes what was not used for long. A layer is a handful of entries, so whoever needs it again makes it again.
func (x *Executor) sweepLayers() {
	entries, err := os.ReadDir(x.LayerDir)
	if err != nil {
		return
	}
	root, err := os.OpenRoot(x.LayerDir)
	if err != nil {
		return
	}
	defer root.Close()
	for _, e := range entries {
		if fi, err := e.Info(); err == nil && time.Since(fi.ModTime()) > layerAge {
			_ = root.RemoveAll(e.Name())
		}
	}
}

// stageLayers adds the layers of a command to its inputs. A command that works in the workspace gets them there.
func (x *Executor) stageLayers(j *Job, iso exec.Isolation, s *exec.Spawn) error {
	for _, l := range j.Action.Spawn.Layers {
		p := Place{Tool: toolPath(j), At: relative}
		if iso == exec.Directory { // trees are links there, behind which ".." leads elsewhere
			p.At = func(_, to string) string {
				if at := stagedAt(s.Inputs, to); at != to {
					return at
				}
				return filepath.Join(x.Root, filepath.FromSlash(to)) // a folder of the workspace
			}
		}
		if iso == exec.InPlace {
			if err := replaceLayer(filepath.Join(x.Root, filepath.FromSlash(l.Path)), expandLayer(l, p)); err != nil {
				return &EnvError{err}
			}
			continue
		}
		dir, err := x.MakeLayer(l, p)
		if err != nil {
			return err
		}
		s.Inputs = append(s.Inputs, exec.Input{Path: l.Path, From: dir, Tree: true})
	}
	return nil
}

// replaceLayer writes a layer over what lies at dir.
func replaceLayer(dir string, files []rule.LayerFile) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(f.Path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot renew %s: %w", dir, err)
		}
	}
	return writeLayer(dir, files)
}

func toolPath(j *Job) func(string) string {
	return func(name string) string {
		for _, t := range j.Tools {
			if t.Name == name {
				return t.Path
			}
		}
		return name
	}
}

// relative gives what a link at from must say to lead to to; both are paths of one action's tree.
func relative(from, to string) string {
	rel, err := filepath.Rel(path.Dir(from), to)
	if err != nil {
		return to
	}
	return filepath.ToSlash(rel)
}

// stagedAt gives the place on this machine of a path of the action's tree.
func stagedAt(in []exec.Input, p string) string {
	for i := range in {
		if rel, ok := strings.CutPrefix(p, in[i].Path); ok && in[i].From != "" && (rel == "" || rel[0] == '/') {
			return in[i].From + rel
		}
	}
	return p
}
