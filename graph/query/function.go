package query

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
)

// function is one function of the language.
type function struct {
	usage       string
	doc         string
	least, most int
}

func (f function) count() string {
	if f.least == f.most {
		return fmt.Sprintf("%d argument%s", f.least, map[bool]string{true: "s"}[f.least != 1])
	}
	return fmt.Sprintf("%d or %d arguments", f.least, f.most)
}

var functions = map[string]function{
	"affected": {"affected(REV)", "The targets that a change since a commit of git concerns, and all that depends on them.", 1, 1},
	"deps":     {"deps(X [, DEPTH])", "X and all that it depends on, DEPTH edges far at most.", 1, 2},
	"rdeps":    {"rdeps(X [, DEPTH])", "X and all that depends on it, DEPTH edges far at most.", 1, 2},
	"path":     {"path(A, B)", "A shortest path of dependencies from a target of A to one of B; empty where there is none.", 2, 2},
	"owners":   {"owners(FILE)", "The targets that name the file, that the BUILD.hcl declares, or whose output it is.", 1, 1},
	"outputs":  {"outputs(X)", "The files and folders that X puts below cairn-out.", 1, 1},
	"kind":     {"kind(KIND, X)", "The targets of X that are of a kind.", 2, 2},
	"tag":      {"tag(TAG, X)", "The targets of X that have a tag.", 2, 2},
	"tests":    {"tests(X)", "The tests of X.", 1, 1},
}

// call evaluates a function; the parser has checked its name and the number of its arguments.
func (v *eval) call(e *Expr) (value, error) {
	switch e.Op {
	case "affected":
		return v.affected(e)
	case "deps":
		return v.reach(e, v.g.Deps)
	case "rdeps":
		return v.reach(e, v.reverse())
	case "path":
		return v.path(e)
	case "owners":
		return v.owners(e)
	case "outputs":
		return v.outputs(e)
	case "kind":
		return v.kind(e)
	case "tag":
		return v.tag(e)
	case "tests":
		return v.filter(e, func(i Info) bool { return i.Test })
	}
	return value{}, v.fail(e, "internal error: the function %q is listed and not written; please report it", e.Op)
}

// FunctionNames gives the names of all functions, sorted.
func FunctionNames() []string { return slices.Sorted(maps.Keys(functions)) }

// FunctionDoc gives a function's usage and what it answers.
func FunctionDoc(name string) (usage, doc string) { return functions[name].usage, functions[name].doc }

// reach gives what can be reached from the first argument, as far as the second allows.
func (v *eval) reach(e *Expr, next func(int) []int) (value, error) {
	from, err := v.targets(e.Args[0])
	if err != nil {
		return value{}, err
	}
	depth := -1
	if len(e.Args) == 2 {
		if depth, err = strconv.Atoi(e.Args[1].Word); err != nil || depth < 0 {
			return value{}, v.fail(e.Args[1], "a depth is a number from 0 on, not %s", e.Args[1])
		}
	}
	seen := newBits(v.g.Len())
	front := slices.Clone(from.ids)
	for _, i := range front {
		seen.add(i)
	}
	for len(front) > 0 && depth != 0 {
		var further []int
		for _, i := range front {
			for _, d := range next(i) {
				if seen.add(d) {
					further = append(further, d)
				}
			}
		}
		front = further
		depth--
	}
	return value{ids: seen.list()}, nil
}

func (v *eval) affected(e *Expr) (value, error) {
	rev, err := v.word(e.Args[0])
	if err != nil {
		return value{}, err
	}
	h, ok := v.g.(History)
	if !ok {
		return value{}, v.fail(e, "this graph has no history to compare with")
	}
	ids, err := h.Affected(rev)
	return value{ids: ids}, err
}

func (v *eval) path(e *Expr) (value, error) {
	from, err := v.targets(e.Args[0])
	if err != nil {
		return value{}, err
	}
	to, err := v.targets(e.Args[1])
	if err != nil {
		return value{}, err
	}
	goal := newBits(v.g.Len())
	for _, i := range to.ids {
		goal.add(i)
	}
	before := map[int]int{}
	front := v.sorted(from.ids)
	for _, i := range front {
		before[i] = -1
	}
	for len(front) > 0 {
		var further []int
		for _, i := range front {
			if goal.has(i) {
				var p []int
				for ; i >= 0; i = before[i] {
					p = append(p, i)
				}
				slices.Reverse(p)
				return value{ids: p, ordered: true}, nil
			}
			for _, d := range v.g.Deps(i) {
				if _, ok := before[d]; !ok {
					before[d] = i
					further = append(further, d)
				}
			}
		}
		front = further
	}
	return value{ordered: true}, nil
}

func (v *eval) owners(e *Expr) (value, error) {
	file, err := v.file(e.Args[0])
	if err != nil {
		return value{}, err
	}
	var ids []int
	for i := range v.g.Len() {
		info := v.g.Info(i)
		if info.Build == file || slices.Contains(info.Sources, file) || slices.ContainsFunc(info.Outputs, func(o string) bool { return within(file, o) }) {
			ids = append(ids, i)
		}
	}
	return value{ids: ids}, nil
}

func (v *eval) outputs(e *Expr) (value, error) {
	x, err := v.targets(e.Args[0])
	if err != nil {
		return value{}, err
	}
	var files []string
	for _, i := range x.ids {
		files = append(files, v.g.Info(i).Outputs...)
	}
	slices.Sort(files)
	return value{isFiles: true, files: slices.Compact(files)}, nil
}

func (v *eval) kind(e *Expr) (value, error) {
	name, err := v.word(e.Args[0])
	if err != nil {
		return value{}, err
	}
	kinds := map[string]bool{}
	for i := range v.g.Len() {
		kinds[v.g.Info(i).Kind] = true
	}
	if hint := diag.DidYouMean(name, slices.Sorted(maps.Keys(kinds))); !kinds[name] && hint != "" {
		return value{}, &Error{Query: v.text, At: e.Args[0].At, Text: fmt.Sprintf("no target is a %q", name), Hint: hint}
	}
	return v.filter(e, func(i Info) bool { return i.Kind == name })
}

func (v *eval) tag(e *Expr) (value, error) {
	name, err := v.word(e.Args[0])
	if err != nil {
		return value{}, err
	}
	return v.filter(e, func(i Info) bool { return slices.Contains(i.Tags, name) })
}

// word reads an argument that is a name and no set.
func (v *eval) word(e *Expr) (string, error) {
	if e.Op != "" {
		return "", v.fail(e, "a name is wanted here, not %s", e)
	}
	return e.Word, nil
}

// filter keeps the targets of the last argument that keep says yes to.
func (v *eval) filter(e *Expr, keep func(Info) bool) (value, error) {
	x, err := v.targets(e.Args[len(e.Args)-1])
	if err != nil {
		return value{}, err
	}
	return value{ids: slices.DeleteFunc(slices.Clone(x.ids), func(i int) bool { return !keep(v.g.Info(i)) })}, nil
}

// within says whether file is o or lies in it.
func within(file, o string) bool {
	return file == o || len(file) > len(o) && file[len(o)] == '/' && file[:len(o)] == o
}

// covers gives the targets that a pattern stands for, those that are manual too.
func (v *eval) covers(p label.Pattern) []int {
	var ids []int
	for i := range v.g.Len() {
		if p.Covers(v.g.Label(i)) {
			ids = append(ids, i)
		}
	}
	return ids
}
