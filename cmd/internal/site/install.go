package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Do does a step that Plan gave since the pool is held. Until it is done the pool is as it was, and then all of it is there.
func (h *Hold) Do(ctx context.Context, s Step) (err error) {
	if s.Do == Unchanged {
		return nil
	}
	at := h.place(s.Tree)
	defer func() { err = errors.Join(err, removeTree(at)) }() // what is left, or was there before
	switch s.Do {
	case Add:
		return h.add(ctx, s, at)
	case Install:
		if err := copyTree(ctx, s.Dir, at); err != nil {
			return err
		}
		if err := makeFolder(filepath.Dir(s.To)); err != nil {
			return err
		}
		return move(at, s.To)
	case Replace:
		if err := copyTree(ctx, s.Dir, at); err != nil {
			return err
		}
		if err := keep(ctx, s, at); err != nil {
			return err
		}
		return h.replace(s, at)
	}
	return fmt.Errorf("internal error: no step %q; please report it", s.Do)
}

// add puts what belongs to further architectures into a version that is there. Its library folder comes last: with it the version
// counts for the architecture.
func (h *Hold) add(ctx context.Context, s Step, at string) error {
	all := append(folders(filepath.Join(s.To, "lib")), s.Archs...)
	for _, arch := range s.New {
		if err := makeFolder(at); err != nil {
			return err
		}
		for _, kind := range []string{"bin", "lib"} {
			from, to := filepath.Join(s.Dir, kind, arch), filepath.Join(s.To, kind, arch)
			if _, err := os.Stat(from); kind == "bin" && errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err := copyTree(ctx, from, filepath.Join(at, kind)); err != nil {
				return err
			}
			if archOf(kind+"/"+arch, all) != arch {
				continue
			}
			if err := into(filepath.Join(at, kind), to); err != nil {
				return err
			}
		}
		if err := removeTree(at); err != nil {
			return err
		}
	}
	return nil
}

// into moves a folder into a folder that is read-only, or not there yet. What a process that was killed left there makes room.
func into(from, to string) (err error) {
	dir := filepath.Dir(to)
	if _, serr := os.Lstat(dir); errors.Is(serr, os.ErrNotExist) {
		up := filepath.Dir(dir)
		if err := os.Chmod(up, 0o755); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Chmod(up, folderMode)) }()
		if err := makeFolder(dir); err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Chmod(dir, folderMode)) }()
	if err := removeTree(to); err != nil {
		return err
	}
	return move(from, to)
}

// keep copies what a test version has for other architectures into its successor.
func keep(ctx context.Context, s Step, at string) error {
	for _, arch := range s.Keep {
		for _, kind := range []string{"bin", "lib"} {
			from, dir := filepath.Join(s.To, kind, arch), filepath.Join(at, kind)
			if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := os.Chmod(dir, 0o755); err != nil {
				return err
			}
			if err := copyTree(ctx, from, filepath.Join(dir, arch)); err != nil {
				return err
			}
			if err := errors.Join(os.Chmod(filepath.Join(dir, arch), folderMode), os.Chmod(dir, folderMode), settle(dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace puts at in the place of what is there: in one step where the file system can, else with a moment between, in which
// recover would find the old one.
func (h *Hold) replace(s Step, at string) error {
	if err := errors.Join(os.Chmod(at, 0o755), os.Chmod(s.To, 0o755)); err != nil {
		return err
	}
	if err := h.swap(at, s.To); err == nil {
		return errors.Join(os.Chmod(s.To, folderMode), settle(filepath.Dir(s.To)), settle(h.work))
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return errors.Join(&os.LinkError{Op: "exchange", Old: at, New: s.To, Err: err}, os.Chmod(s.To, folderMode))
	}
	old := at + oldMark
	if err := move(s.To, old); err != nil {
		return err
	}
	if err := move(at, s.To); err != nil {
		return errors.Join(err, move(old, s.To))
	}
	return removeTree(old)
}

// Uninstall removes a version. It is gone at one moment; its files follow. The module's folder goes with its last version.
func (h *Hold) Uninstall(t Tree) error {
	at, from := h.place(t), filepath.Join(h.pool, t.Module, t.Version)
	fi, err := os.Lstat(from)
	switch {
	case err != nil:
		return err
	case !fi.IsDir(): // somebody's link: what it leads to is not ours
		err = os.Remove(from)
	default:
		err = move(from, at)
	}
	if err != nil {
		return err
	}
	if dir := filepath.Join(h.pool, t.Module); len(names(dir)) == 0 {
		if err := os.Remove(dir); err != nil {
			return err
		}
	}
	return removeTree(at)
}

// names gives all that lies in a folder.
func names(dir string) []string {
	es, _ := os.ReadDir(dir)
	var out []string
	for _, e := range es {
		out = append(out, e.Name())
	}
	return slices.Clip(out)
}
