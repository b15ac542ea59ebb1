package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/rules/python"
)

func lockCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "lock [TARGET...]",
		Short: "Moves what was asked once to what it is now: branches, tags, and what requirements come to.",
		Long: "Asks anew what the branches and tags of declared sources are and writes BUILD.lock.hcl: those of the given targets, or all. Entries of\n" +
			"targets that are no longer there go. Then asks anew which packages requirements come to (python_lock, and python_env for a project without a\n" +
			"lock), records that or writes the file that it is kept in, and says which packages moved. With --locked, changes nothing and fails where\n" +
			"BUILD.lock.hcl would change; what requirements come to is not asked then.",
		Example: "  cairn lock\n  cairn lock //:scripting",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				ps, err := s.patterns(args)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					ps = []label.Pattern{{Kind: label.Below}}
				}
				return s.lock(c.Context(), args, func(l label.Label) bool { return covered(ps, l) })
			})
		},
	})
}

// lock moves sources, then what is asked of them.
func (s *session) lock(ctx context.Context, args []string, covers func(label.Label) bool) error {
	moved, entries, err := s.engine.Lock(ctx, covers)
	if err != nil {
		return err
	}
	asks, err := s.engine.Asking(ctx, covers)
	if err != nil {
		return err
	}
	if len(args) > 0 && entries == 0 && len(moved) == 0 && !asks {
		return &usageError{strings.Join(showMinus(args), " ") + " covers no source that BUILD.lock.hcl is about, and nothing that asks an index", "`cairn query 'kind(git_source, //...)'` lists the sources, `cairn query 'kind(python_lock, //...)'` the locks of packages."}
	}
	var answers []build.Answer
	var sum *build.Summary
	if asks && !s.flags.locked {
		if answers, sum, err = s.engine.Ask(ctx, covers); err != nil {
			return err
		}
	}
	if err := s.showLock(moved, entries, asks, answers); err != nil {
		return err
	}
	if sum != nil && sum.Failed > 0 {
		s.last = sum
		return exitError(summaryCode(sum))
	}
	return nil
}

// lockChange is one thing that moved, in --json.
type lockChange struct {
	Kind  string            `json:"kind"`
	Label string            `json:"label"`
	Old   map[string]string `json:"old"`
	New   map[string]string `json:"new"`
}

// showLock prints what moved, one line for each entry and each answer, and writes the files that answers are kept in.
func (s *session) showLock(moved []build.LockChange, entries int, asks bool, answers []build.Answer) error {
	out := []lockChange{}
	var lines []string
	for _, m := range moved {
		out = append(out, lockChange(m))
		lines = append(lines, m.Kind+" "+m.String())
	}
	for _, a := range answers {
		changed, err := s.keep(&a)
		if err != nil {
			return err
		}
		was, now := python.Locked(a.Old), python.Locked(a.New)
		if !changed {
			s.ui.Say("%s is up to date (%d packages)", a.Label, len(now))
			continue
		}
		out = append(out, lockChange{a.Kind, a.Label, was, now})
		lines = append(lines, a.Kind+" "+a.Label+" "+packageMoves(was, now))
	}
	if s.flags.json {
		return s.ui.JSON(out)
	}
	for _, l := range lines {
		s.ui.Line(l)
	}
	switch {
	case asks && s.flags.locked:
		s.ui.Say("what requirements come to is not asked, because of --locked")
	case asks && len(answers) == 0:
		s.ui.Say("no index was asked")
	}
	if len(moved) == 0 && (entries > 0 || !asks) {
		s.ui.Say("BUILD.lock.hcl is up to date (%d sources)", entries)
	}
	return nil
}

// keep writes an answer into the file that it is kept in, if there is one, and says whether it is new. a.Old becomes what the file had.
func (s *session) keep(a *build.Answer) (changed bool, err error) {
	if a.File == "" {
		return !bytes.Equal(a.Old, a.New), nil
	}
	at := filepath.Join(s.root, filepath.FromSlash(a.File))
	switch old, err := os.ReadFile(at); {
	case err == nil:
		a.Old = old
	case errors.Is(err, fs.ErrNotExist):
		a.Old = nil
	default:
		return false, &environmentError{fmt.Errorf("%s: %s", a.File, plainError(err))}
	}
	if bytes.Equal(a.Old, a.New) {
		return false, nil
	}
	if err := replaceFile(at, a.New); err != nil {
		return false, &environmentError{fmt.Errorf("%s: %s", a.File, plainError(err))}
	}
	return true, nil
}

// replaceFile writes a file so that whoever reads it sees the old bytes or the new ones. A link is followed.
func replaceFile(name string, b []byte) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if fi, err := os.Stat(name); err == nil {
		mode = fi.Mode().Perm()
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// packageMoves says which packages of a lock moved: "sky 1.0 -> 1.1, sun 2.0 is new, rain 3 is gone".
func packageMoves(was, now map[string]string) string {
	all := maps.Clone(now)
	maps.Copy(all, was)
	var words []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch old, v := was[name], now[name]; {
		case old == v:
		case len(was) == 0:
			words = append(words, name+" "+v)
		case old == "":
			words = append(words, name+" "+v+" is new")
		case v == "":
			words = append(words, name+" "+old+" is gone")
		default:
			words = append(words, name+" "+old+" -> "+v)
		}
	}
	if len(words) == 0 {
		return "has the same versions, and other files or markers"
	}
	return strings.Join(words, ", ")
}

// covered says whether patterns, in order, cover a label.
func covered(ps []label.Pattern, l label.Label) bool {
	in := false
	for _, p := range ps {
		if p.Covers(l) {
			in = !p.Minus
		}
	}
	return in
}
