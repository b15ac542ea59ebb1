package query

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
)

// Eval answers a query. pkg is the package that relative patterns and files start from. The error is an *Error: an
// unknown target, functions or sets that do not fit.
func Eval(g Graph, e *Expr, text, pkg string) (Set, error) {
	v := &eval{g: g, text: text, pkg: pkg}
	x, err := v.eval(e)
	if err != nil {
		return Set{}, err
	}
	if x.isFiles {
		return Set{Files: true, Names: x.files}, nil
	}
	ids := x.ids
	if !x.ordered {
		ids = v.sorted(ids)
	}
	s := Set{IDs: ids, Path: x.ordered, Names: make([]string, len(ids))}
	for n, i := range ids {
		s.Names[n] = g.Label(i).String()
	}
	return s, nil
}

// value is a set while it is worked on: targets in ascending order of their numbers unless it is a path, or sorted files.
type value struct {
	ids     []int
	ordered bool
	isFiles bool
	files   []string
}

type eval struct {
	g     Graph
	text  string
	pkg   string
	users [][]int
}

func (v *eval) fail(e *Expr, format string, args ...any) error {
	return &Error{Query: v.text, At: e.At, Text: fmt.Sprintf(format, args...)}
}

func (v *eval) eval(e *Expr) (value, error) {
	switch e.Op {
	case "":
		return v.pattern(e)
	case "+", "-", "&":
		return v.operator(e)
	}
	return v.call(e)
}

// targets evaluates what must be a set of targets.
func (v *eval) targets(e *Expr) (value, error) {
	x, err := v.eval(e)
	if err == nil && x.isFiles {
		err = v.fail(e, "%s is a set of files, and targets are wanted here", e)
	}
	if x.ordered {
		x.ids, x.ordered = slices.Sorted(slices.Values(x.ids)), false
	}
	return x, err
}

func (v *eval) operator(e *Expr) (value, error) {
	a, err := v.eval(e.Args[0])
	if err != nil {
		return value{}, err
	}
	b, err := v.eval(e.Args[1])
	if err != nil {
		return value{}, err
	}
	if a.isFiles != b.isFiles {
		return value{}, v.fail(e, "%q joins a set of targets and a set of files", e.Op)
	}
	if a.isFiles {
		return value{isFiles: true, files: combine(e.Op, a.files, b.files)}, nil
	}
	return value{ids: combine(e.Op, slices.Sorted(slices.Values(a.ids)), slices.Sorted(slices.Values(b.ids)))}, nil
}

// combine joins two sorted sets.
func combine[T int | string](op string, a, b []T) []T {
	if op == "+" {
		c := slices.Concat(a, b)
		slices.Sort(c)
		return slices.Compact(c)
	}
	var c []T
	for _, x := range a {
		if _, in := slices.BinarySearch(b, x); in == (op == "&") {
			c = append(c, x)
		}
	}
	return c
}

// pattern gives the targets that a word stands for; one that names nothing is an error with the nearest spelling.
func (v *eval) pattern(e *Expr) (value, error) {
	p, err := label.ParsePattern(e.Word, v.pkg)
	if err != nil {
		return value{}, v.fail(e, "%s", err)
	}
	ids := v.covers(p)
	if len(ids) > 0 || p.Kind == label.Below && p.Target.Pkg == "" {
		return value{ids: ids}, nil
	}
	if !p.Exact() {
		return value{}, v.fail(e, "%s covers no target", p)
	}
	names := make([]string, v.g.Len())
	for i := range names {
		names[i] = v.g.Label(i).String()
	}
	return value{}, &Error{Query: v.text, At: e.At, Text: fmt.Sprintf("there is no target %s", p), Hint: diag.DidYouMean(p.String(), names)}
}

// file reads a word as a file of the workspace; relative ones start from the current package.
func (v *eval) file(e *Expr) (string, error) {
	if e.Op != "" {
		return "", v.fail(e, "a file's path is wanted here, not %s", e)
	}
	f := e.Word
	if rest, ok := strings.CutPrefix(f, "//"); ok {
		f = rest
	} else {
		f = path.Join(v.pkg, f)
	}
	f = path.Clean(f)
	if f == ".." || strings.HasPrefix(f, "../") || path.IsAbs(f) {
		return "", v.fail(e, "%q is not in the workspace", e.Word)
	}
	return f, nil
}

// reverse gives the targets that name a target, by number.
func (v *eval) reverse() func(int) []int {
	if v.users == nil {
		v.users = make([][]int, v.g.Len())
		for i := range v.users {
			for _, d := range v.g.Deps(i) {
				v.users[d] = append(v.users[d], i)
			}
		}
	}
	return func(i int) []int { return v.users[i] }
}

// sorted gives ids in the order of their labels.
func (v *eval) sorted(ids []int) []int {
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b int) int { return label.Compare(v.g.Label(a), v.g.Label(b)) })
	return out
}

// bits is a set of numbers.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// add says whether i is new.
func (b bits) add(i int) bool {
	if b.has(i) {
		return false
	}
	b[i/64] |= 1 << (i % 64)
	return true
}

func (b bits) list() []int {
	var ids []int
	for i := range len(b) * 64 {
		if b.has(i) {
			ids = append(ids, i)
		}
	}
	return ids
}
