package action

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// anywhere moves one command of an Each to paths that hang on no target: what targets make lies at <out>/each/<n>/<name>, n
// counting the inputs, and what the command makes at <out>/each/out. The job, its action and its Spawn are j's own; what they
// share with others is not changed.
func anywhere(j *Job) {
	a, p := j.Action, j.Action.Spawn
	top, _, _ := strings.Cut(a.Outputs[0].Path, "/")
	top += "/each/"
	type move struct{ from, to string }
	var moves []move
	j.Inputs = slices.Clone(j.Inputs)
	for i := range j.Inputs {
		in := &j.Inputs[i]
		if in.Kind == rule.Source {
			continue
		}
		to := fmt.Sprintf("%s%d/%s", top, i, path.Base(in.Path))
		moves = append(moves, move{in.Path, to})
		if in.From == "" {
			in.From = in.Path // for messages and for what must be made again if it has gone
		}
		in.Path = to
	}
	a.Outputs = slices.Clone(a.Outputs)
	moves = append(moves, move{a.Outputs[0].Path, top + "out"})
	a.Outputs[0].Path = top + "out"
	// A path may be the beginning of another.
	slices.SortFunc(moves, func(x, y move) int { return cmp.Or(len(y.from)-len(x.from), strings.Compare(x.from, y.from)) })
	var words []string
	for _, m := range moves {
		words = append(words, m.from, m.to)
	}
	r := strings.NewReplacer(words...)
	for i := range p.Argv {
		p.Argv[i] = r.Replace(p.Argv[i])
	}
	for i := range p.Env {
		p.Env[i].Value = r.Replace(p.Env[i].Value)
	}
	p.DepFile, p.Stdout = r.Replace(p.DepFile), r.Replace(p.Stdout)
	j.dirs = slices.Clone(j.dirs)
	for i := range j.dirs {
		j.dirs[i] = r.Replace(j.dirs[i])
	}
}
