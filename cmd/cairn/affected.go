package main

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/query"
	"github.com/cairn-build/cairn/graph/state"
)

func affectedCommand(a *app) *cobra.Command {
	var rev string
	c := question(a, &cobra.Command{
		Use:   "affected --since REV [PATTERN...]",
		Short: "Lists the targets that a change since a commit concerns: query 'affected(REV)'.",
		Long: "Lists the targets that stand on a file that is not as it was in commit REV, and all that depends on them: what was\n" +
			"committed since, what was not, and new files that git does not ignore. Where a change cannot be told apart by target\n" +
			"(a file that a glob no longer finds, a file that file() read), all targets of the package count. A REV that cannot be\n" +
			"resolved is an error: nothing is guessed. For a branch: --since $(git merge-base origin/main HEAD).",
		Example: "  cairn affected --since HEAD~1\n  cairn affected --since origin/main //net/...\n  cairn query 'tests(affected(main))'",
	}, func(args []string) (string, error) {
		if rev == "" {
			return "", usagef("affected needs --since REV")
		}
		q := "affected(" + (&query.Expr{Word: rev}).String() + ")"
		if len(args) > 0 {
			q += " & (" + strings.Join(args, " ") + ")"
		}
		return q, nil
	})
	c.Flags().StringVar(&rev, "since", "", "compare with commit, branch or tag `REV`")
	return c
}

// sinceFlag gives a command the flag that keeps it to what is affected.
func sinceFlag(c *cobra.Command, rev *string) {
	c.Flags().StringVar(rev, "since", "", "only targets that a change since commit `REV` concerns, see cairn affected")
}

// keepTo keeps a request to what a change since rev concerns; it says whether anything is left. rev may be empty.
func (s *session) keepTo(ctx context.Context, r *build.Request, rev string) (bool, error) {
	if rev == "" {
		return true, nil
	}
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return false, err
	}
	of := newSnapshotGraph(g)
	of.ctx, of.root = ctx, s.root
	ids, err := of.Affected(rev)
	if err != nil {
		return false, err
	}
	r.Among = map[string]bool{}
	for _, i := range ids {
		r.Among[of.Label(i).String()] = true
	}
	if len(ids) == 0 {
		s.ui.Say("no target is affected by what changed since %s", rev)
	}
	return len(ids) > 0, nil
}

// Affected gives the targets that what changed since a commit concerns directly, and all that depends on them. It errs on
// the side of too many.
func (s *snapshotGraph) Affected(rev string) ([]int, error) {
	r, err := since(s.ctx, s.root, rev)
	if err != nil {
		return nil, err
	}
	all, packages := s.touched(r)
	users := make([][]int, s.Len())
	var out []int
	seen := make([]bool, s.Len())
	add := func(i int) {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	for i := range s.Len() {
		for _, d := range s.Deps(i) {
			users[d] = append(users[d], i)
		}
		info := s.Info(i)
		if all || packages[path.Dir(info.Build)] || s.readsChanged(r, info.Sources) {
			add(i)
		}
	}
	for n := 0; n < len(out); n++ {
		for _, u := range users[out[n]] {
			add(u)
		}
	}
	slices.Sort(out)
	return out, nil
}

// readsChanged says whether one of the sources, or what it is a link to, or a submodule that it lies in, has changed.
func (s *snapshotGraph) readsChanged(r *revision, sources []string) bool {
	in := func(f string) bool {
		for ; f != "." && f != "/"; f = path.Dir(f) {
			if _, ok := r.changed[f]; ok {
				return true
			}
		}
		return false
	}
	for _, f := range sources {
		if in(f) {
			return true
		}
		at := filepath.Join(s.root, filepath.FromSlash(f))
		if fi, err := os.Lstat(at); err == nil && fi.Mode()&os.ModeSymlink != 0 {
			if real, err := filepath.EvalSymlinks(at); err == nil {
				if rel, err := filepath.Rel(s.root, real); err == nil && in(filepath.ToSlash(rel)) {
					return true
				}
			}
		}
	}
	return false
}

// touched gives the packages (as path.Dir of their BUILD.hcl) whose targets all count, or says that all there are do.
func (s *snapshotGraph) touched(r *revision) (all bool, packages map[string]bool) {
	packages = map[string]bool{}
	texts := map[string]string{} // package -> its BUILD.hcl
	for t := range s.g.NumTargets() {
		f := s.g.TargetFile(state.TargetID(t))
		if dir := path.Dir(f); texts[dir] == "" {
			texts[dir] = r.now(f)
		}
	}
	mention := func(word string) {
		for dir, text := range texts {
			packages[dir] = packages[dir] || strings.Contains(text, word)
		}
	}
	read := map[string]bool{}
	for i := range s.g.NumReads() {
		switch row := s.g.Read(state.ReadID(i)); row.Kind {
		case state.ReadFile:
			if string(row.Query) != state.ByRules { // else the targets that it was read for say so
				read[row.Path] = true
			}
		case state.ReadAsk:
			if r.moved {
				mention("git_describe")
			}
		}
	}
	for f, names := range r.changed {
		owner := packageOf(f, texts)
		switch path.Base(f) {
		case load.BuildFile:
			packages[path.Dir(f)] = true
			if names { // the package around it has gained or lost files
				packages[packageOf(path.Dir(f), texts)] = true
			}
			if f == load.BuildFile {
				mention("var.") // only the root declares variables
				mention("var[")
				all = all || strings.Contains(r.now(f)+r.before(s.ctx, f), "tool_identity")
			}
			continue
		case load.LockFile:
			if f == load.LockFile {
				s.locked(r, packages)
			}
			continue
		case load.LocalFile:
			all = all || f == load.LocalFile // variables, and where programs lie
		}
		if read[f] || names && (r.gone(f) || strings.Contains(texts[owner], "glob")) {
			packages[owner] = true
		}
	}
	return all, packages
}

// locked adds the packages of targets that the lock file names, now or then.
func (s *snapshotGraph) locked(r *revision, packages map[string]bool) {
	text := r.now(load.LockFile) + r.before(s.ctx, load.LockFile)
	for i := range s.Len() {
		if strings.Contains(text, `"`+s.Label(i).String()+`"`) {
			packages[path.Dir(s.g.TargetFile(s.first[i]))] = true
		}
	}
}

// packageOf gives the package that a file lies in.
func packageOf(f string, packages map[string]string) string {
	for dir := path.Dir(f); ; dir = path.Dir(dir) {
		if _, ok := packages[dir]; ok || dir == "." {
			return dir
		}
	}
}

var _ query.History = (*snapshotGraph)(nil)
