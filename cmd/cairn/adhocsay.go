package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
)

// Who runs a script ad hoc has written no BUILD.hcl: what is said speaks of flags and of the repository instead.

// inWords gives where events go: to show, but for what show would say in words of the workspace at dir.
func (q *adhoc) inWords(a *app, dir string, show func(build.Event)) func(build.Event) {
	return func(e build.Event) {
		switch {
		case e.Resolved != nil:
			r := *e.Resolved
			r.Locked = false
			e.Resolved = &r
			a.ui.Say("%s is %s", q.what(), r.Entry["commit"])
		case e.Notice != nil:
			// There is no target that `cairn lock` could be told of: who wants an answer that stays commits a lock.
			if text, ok := strings.CutSuffix(e.Notice.Text, "until `cairn lock //:environment`"); ok {
				e.Notice = &build.NoticeEvent{Text: q.what() + strings.TrimPrefix(text, "//:environment") + "as long as the cache has it"}
			}
		case e.Finish != nil && e.Finish.Failure != nil:
			f, failure := *e.Finish, *e.Finish.Failure
			failure.File, failure.Line = "", 0
			failure.Summary = q.sentence(failure.Summary)
			if failure.Log != "" {
				failure.Log = filepath.Join(dir, filepath.FromSlash(failure.Log))
			}
			if rest, ok := strings.CutPrefix(failure.Repro, "cairn "); ok {
				failure.Repro = "cairn -C " + dir + " " + rest
			}
			f.Failure = &failure
			e.Finish = &f
		}
		show(e)
	}
}

// what names the revision that was asked for.
func (q *adhoc) what() string {
	switch q.attr {
	case "":
		return "the default branch of " + q.url
	default:
		return fmt.Sprintf("%s %s of %s", q.attr, q.name, q.url)
	}
}

// sentence puts the repository where the text names its folder in the workspace, or a file in it.
func (q *adhoc) sentence(s string) string {
	const folder = "cairn-out/repository/repository"
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, folder)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		if rest, isFile := strings.CutPrefix(after, "/"); isFile {
			n := strings.IndexAny(rest, " :;,()\"")
			if n < 0 {
				n = len(rest)
			}
			b.WriteString(rest[:n] + " in ")
			after = rest[n:]
		}
		b.WriteString(q.what())
		s = after
	}
}

// plain takes out of problems what is about a file that nobody wrote, and gives hints in flags.
func (q *adhoc) plain(err error) error {
	var l diag.List
	if !errors.As(err, &l) {
		return err
	}
	out := make(diag.List, len(l))
	for i, d := range l {
		d.Range, d.Context, d.Values, d.Related = diag.Range{}, "", nil, nil
		d.Summary, d.Detail = q.sentence(d.Summary), q.sentence(d.Detail)
		switch d.Code {
		case "tag-as-branch":
			d.Hint = "Say --tag " + q.name
		case "branch-as-tag":
			d.Hint = "Say --branch " + q.name
		case "no-default-branch":
			d.Hint = "Name a branch: --branch main"
		case "not-locked":
			d.Summary, d.Detail = "What "+q.what()+" is was never asked on this machine, and --locked forbids to ask", ""
			d.Hint = "Run it once without --locked, or name the commit: --commit 0123456789ab"
		}
		out[i] = d
	}
	return out
}
