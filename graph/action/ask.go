package action

import (
	"slices"

	"github.com/cairn-build/cairn/graph/rule"
)

// AsksNothing says whether an action is there to ask, and its question is empty; see rule.Ask.
func AsksNothing(a *rule.Action, in []Resolved) bool {
	if a.Asks == nil || a.Asks.Question == "" {
		return false
	}
	i := slices.IndexFunc(in, func(r Resolved) bool { return r.Path == a.Asks.Question })
	return i >= 0 && in[i].Digest.Size == 0
}

// nothing is what an action that asks nothing comes to: empty files.
func (x *Executor) nothing(j *Job) (*Done, error) {
	d := &Done{Result: &Result{Isolation: "in-process"}}
	for _, o := range j.Action.Outputs {
		empty, err := x.Store.Put(nil)
		if err != nil {
			return nil, &EnvError{err}
		}
		d.Result.Outputs = append(d.Result.Outputs, OutputResult{Path: o.Path, Digest: empty})
	}
	return d, nil
}
