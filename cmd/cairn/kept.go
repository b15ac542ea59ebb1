package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

// placeJSON is a place of the source tree that holds what a target makes.
type placeJSON struct {
	Label    string         `json:"label"`
	To       string         `json:"to"`
	Made     bool           `json:"made"` // what belongs there could be built
	UpToDate bool           `json:"up_to_date"`
	Written  bool           `json:"written,omitempty"`
	Refused  string         `json:"refused,omitempty"`
	Files    []keptFileJSON `json:"files,omitempty"`
}

type keptFileJSON struct {
	Path   string      `json:"path"`
	How    build.Drift `json:"how"`
	Edited bool        `json:"edited,omitempty"`
}

func placesOf(ks []*build.Keeping) []placeJSON {
	out := []placeJSON{}
	for _, k := range ks {
		p := placeJSON{Label: k.Label, To: k.To, Made: k.Made, UpToDate: k.UpToDate() || k.Written, Written: k.Written, Refused: k.Refused}
		for _, f := range k.Files {
			p.Files = append(p.Files, keptFileJSON{f.Path, f.How, f.Edited})
		}
		out = append(out, p)
	}
	return out
}

// showPlaces lists what is out of date or, with write, what was written, to standard output, a line for each place and file.
func (s *session) showPlaces(ps []placeJSON, write bool) {
	for _, p := range ps {
		switch {
		case p.Refused != "":
			s.ui.Printf("refused  %s (%s): %s\n", p.To, p.Label, p.Refused)
			continue
		case allMissing(p.Files) && p.Written:
			files := "1 file"
			if len(p.Files) != 1 {
				files = fmt.Sprintf("%d files", len(p.Files))
			}
			s.ui.Printf("wrote  %s (%s): %s\n", p.To, p.Label, files)
			continue
		case allMissing(p.Files):
			s.ui.Printf("stale  %s (%s): nothing is there yet\n", p.To, p.Label)
			continue
		case p.Written:
			s.ui.Printf("wrote  %s (%s)\n", p.To, p.Label)
		case p.Made && !p.UpToDate:
			s.ui.Printf("stale  %s (%s)\n", p.To, p.Label)
		}
		for _, f := range p.Files {
			what := map[build.Drift]string{build.Missing: "missing", build.Changed: "differs", build.Stale: "no longer made", build.Foreign: "not cairn's, left alone"}
			if write {
				what[build.Missing], what[build.Changed], what[build.Stale] = "new", "renewed", "removed"
			}
			edited := ""
			if f.Edited && !write {
				edited = ", edited since cairn wrote it"
			}
			s.ui.Printf("  %s: %s%s\n", strings.TrimPrefix(f.Path, p.To+"/"), what[f.How], edited)
		}
	}
}

// allMissing says whether a place is new.
func allMissing(fs []keptFileJSON) bool {
	return len(fs) > 0 && !slices.ContainsFunc(fs, func(f keptFileJSON) bool { return f.How != build.Missing })
}

// settleRounds is how often what is written may change what is made of it: a generated package is made from the version that lies
// there, so that the round after the first finds it as it should be.
const settleRounds = 3

// buildAndWrite builds, and writes what targets keep in the source tree, until that is what they make.
func (s *session) buildAndWrite(ctx context.Context, r build.Request) error {
	var all []placeJSON
	var first *build.Summary
	var failed error
	for round := 1; ; round++ {
		sum, err := s.engine.Build(ctx, r)
		if err != nil {
			return s.show(sum, err)
		}
		if s.last = sum; first == nil {
			first = sum
		}
		ks, err := s.engine.Write(ctx, r)
		ps := placesOf(ks)
		wrote := false
		for _, p := range ps {
			wrote = wrote || p.Written
			switch i := slices.IndexFunc(all, func(o placeJSON) bool { return o.To == p.To && o.Label == p.Label }); {
			case i < 0: // what was written may have made another target
				all = append(all, p)
			case p.Written:
				all[i] = p
			}
		}
		if !s.flags.json {
			s.showWritten(ps, round)
		}
		if failed = err; err != nil || !wrote || sum.Failed > 0 {
			first.Failed, first.Failures = sum.Failed, sum.Failures
			break
		}
		if round == settleRounds {
			failed = doesNotSettle(ps)
			break
		}
	}
	return s.showKept(first, all, failed)
}

// showWritten tells what a round wrote; what was refused or left alone is told once.
func (s *session) showWritten(ps []placeJSON, round int) {
	var show []placeJSON
	for _, p := range ps {
		if p.Written || round == 1 {
			show = append(show, p)
		}
	}
	s.showPlaces(show, true)
}

// showKept ends a build that wrote.
func (s *session) showKept(sum *build.Summary, ps []placeJSON, failed error) error {
	if s.flags.json {
		j := ui.SummaryOf(sum)
		j.Exit = summaryCode(sum)
		if err := s.ui.JSON(struct {
			ui.SummaryJSON
			Places []placeJSON `json:"places"`
		}{j, ps}); err != nil {
			return err
		}
	} else {
		s.ui.Summary(sum)
	}
	if failed != nil {
		return failed
	}
	if code := summaryCode(sum); code != exitOK {
		return exitError(code)
	}
	for _, p := range ps {
		if p.Refused != "" {
			return exitError(exitFailed)
		}
	}
	return nil
}

func doesNotSettle(ps []placeJSON) error {
	for _, p := range ps {
		if p.Written {
			return &usageError{fmt.Sprintf("what %s writes to %s changes what it is made from, again and again", p.Label, p.To),
				"Leave that folder out of the globs of what it depends on."}
		}
	}
	return errors.New("internal error: nothing was written")
}

// update renews the expected results that the wanted tests keep in the source tree.
func (s *session) update(ctx context.Context, r build.Request) error {
	r.Tests, r.Runs, r.Kept = false, 0, rule.OnTest
	sum, err := s.engine.Build(ctx, r)
	if err != nil {
		return s.show(sum, err)
	}
	ks, err := s.engine.Write(ctx, r)
	if !s.flags.json {
		s.showPlaces(placesOf(ks), true)
	}
	if err != nil {
		return err
	}
	if code := summaryCode(sum); code != exitOK {
		s.last = sum
		s.ui.Summary(sum)
		return exitError(code)
	}
	return nil
}
