package state

import "iter"

// Ids number the parts of one Graph, from 0. They mean nothing in another graph, nor does an id that a Builder gave mean
// anything in the Graph that Finish makes of it.
type (
	// ArtifactID numbers artifacts: sources first, then outputs, each in the order of folder and name.
	ArtifactID uint32
	// ActionID numbers actions so that what makes an action's inputs has a lower id.
	ActionID uint32
	// TargetID numbers targets in the order of label.Compare, then of platforms.
	TargetID uint32
	// ToolID numbers the names of host programs, sorted.
	ToolID uint32
	// ReadID numbers what the evaluation has read.
	ReadID uint32
)

// TargetFlags say what holds for a target.
type TargetFlags uint32

const (
	Manual   TargetFlags = 1 << iota // patterns that end in ... or :all leave it out
	Testonly                         // only tests may depend on it
	Runnable                         // `cairn run` can start it
	IsTest                           // it has test actions
	Instance                         // it came of a for_each
)

// ActionFlags say what holds for an action.
type ActionFlags uint32

const (
	Test      ActionFlags = 1 << iota // runs in `cairn test` only
	Uncached                          // runs in each build that wants it
	Exclusive                         // runs alone
	Local                             // never sent away
	FansOut                           // expands over the contents of a tree
	Unpinned                          // what it fetches must be resolved before it runs
	Asks                              // its answer depends on when it was asked
	Pinned                            // it fetches what a name stands for, which may move
	MayFollow                         // what it fetches is resolved before it runs in requests that follow
	Followed                          // MayFollow, and what it fetches was resolved so
)

// Targets is a stretch of targets, Last excluded.
type Targets struct{ First, Last TargetID }

// Len is how many they are.
func (r Targets) Len() int { return int(r.Last - r.First) }

// All yields them in order.
func (r Targets) All() iter.Seq[TargetID] {
	return func(yield func(TargetID) bool) {
		for t := r.First; t < r.Last; t++ {
			if !yield(t) {
				return
			}
		}
	}
}
