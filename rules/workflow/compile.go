package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/workflow/gen"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// compileArgs are the words of workflow_compile/1. Either Spec, in its canonical form, or File, which is an input, is set.
type compileArgs struct {
	Generator  string          `json:"generator"` // which compiler it is
	Out        string          `json:"out"`
	Spec       json.RawMessage `json:"spec,omitempty"`
	File       string          `json:"file,omitempty"`
	ID         string          `json:"id,omitempty"` // that the spec has to have, "" for any
	Registries []string        `json:"registries"`
	Prefix     string          `json:"prefix"`
	Version    string          `json:"version,omitempty"`
	Variant    string          `json:"variant,omitempty"`
	Before     *gen.Before     `json:"before,omitempty"`
	BadBefore  string          `json:"bad_before,omitempty"`
	Overrides  string          `json:"overrides,omitempty"`
	Adapter    bool            `json:"adapter,omitempty"`
}

// notes are what messages about a spec need and what it means does not hang on.
type notes struct {
	File   string
	Places spec.Places
	Said   diag.List
}

// encode packs the notes: a line with the file's name and what was said as JSON, then one for each place, by rising pointer: line, column and
// byte of its start and end, and the pointer. It is made for each workflow in each evaluation, so it takes no detour.
func (n notes) encode() []byte {
	if n.File == "" {
		return nil
	}
	head, err := json.Marshal(noteHead{n.File, n.Said})
	if err != nil {
		return nil // messages without places
	}
	b := append(make([]byte, 0, len(head)+64*len(n.Places)), head...)
	for _, at := range slices.Sorted(maps.Keys(n.Places)) {
		b = append(b, '\n')
		r := n.Places[at]
		for _, x := range [...]int{r.Start.Line, r.Start.Column, r.Start.Byte, r.End.Line, r.End.Column, r.End.Byte} {
			b = append(strconv.AppendInt(b, int64(x), 10), ' ')
		}
		b = append(b, strings.ReplaceAll(at, "\n", "\\n")...) // a key that spans lines has no place of its own
	}
	return b
}

// noteHead is the first line of packed notes.
type noteHead struct {
	File string    `json:"file"`
	Said diag.List `json:"said,omitempty"`
}

func decodeNotes(b []byte) (n notes) {
	n.Places = spec.Places{}
	head, rest, _ := strings.Cut(string(b), "\n")
	var h noteHead
	if json.Unmarshal([]byte(head), &h) != nil {
		return n
	}
	n.File, n.Said = h.File, h.Said
	for line := range strings.Lines(rest) {
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 7)
		var x [6]int
		for i := range x {
			if len(words) == 7 {
				x[i], _ = strconv.Atoi(words[i]) // what is no number is no place
			}
		}
		if len(words) == 7 && x[0] > 0 {
			n.Places[words[6]] = diag.Range{File: h.File, Start: diag.Pos{Line: x[0], Column: x[1], Byte: x[2]}, End: diag.Pos{Line: x[3], Column: x[4], Byte: x[5]}}
		}
	}
	return n
}

// compileCall is workflow_compile/1: a spec and the registries of tasks become a package.
func compileCall(_ context.Context, c rule.CallContext) error {
	var a compileArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	if a.BadBefore != "" {
		return errors.New(a.BadBefore)
	}
	s, said, err := specOf(c, a)
	if err != nil {
		return err
	}
	tasks := make([]registry.Finder, len(a.Registries))
	for i, r := range a.Registries {
		tasks[i] = treeOf(c, r)
	}
	o := gen.Options{Prefix: a.Prefix, Version: a.Version, Before: a.Before, Variant: a.Variant, Adapter: a.Adapter}
	if a.Overrides != "" {
		if o.EnvOverrides, err = inputBytes(c, a.Overrides); err != nil {
			return err
		}
	}
	p, said, err := compile(s, said, registry.Merge(tasks...), o)
	if said.HasErrors() {
		return said
	}
	if err != nil {
		return err
	}
	for _, f := range p.Files {
		if err := c.Write(a.Out+"/"+f.Path, f.Data, false); err != nil {
			return err
		}
	}
	if len(said) > 0 {
		return said
	}
	return nil
}

// specOf gives the spec with its places, and what is to be said of it.
func specOf(c rule.CallContext, a compileArgs) (*spec.Spec, diag.List, error) {
	if a.Spec != nil {
		s, err := spec.Decode(a.Spec)
		if err != nil {
			return nil, nil, fmt.Errorf("internal error: %w", err)
		}
		n := decodeNotes(c.Notes())
		s.Places = n.Places
		return s, n.Said, nil
	}
	b, err := inputBytes(c, a.File)
	if err != nil {
		return nil, nil, err
	}
	s, ds := spec.Parse(a.File, b)
	if a.ID != "" && s.ID != "" && s.ID != a.ID {
		ds = append(ds, diag.Diag{Code: "other-id", Summary: fmt.Sprintf("The spec's id is %q, and the target says %q", s.ID, a.ID),
			Range: s.Places["/id"], Hint: fmt.Sprintf("Write id = %q in BUILD.hcl.", s.ID)})
	}
	return s, ds, nil
}

// treeOf reads a registry's tree by and by.
func treeOf(c rule.CallContext, tree string) registry.Finder {
	return registry.Tree(func(p string) ([]byte, error) {
		b, err := inputBytes(c, tree+"/"+p)
		var absent *rule.NotInputError
		if errors.As(err, &absent) {
			return nil, nil
		}
		return b, err
	}, func() []string {
		names, err := c.Around(tree + "/names")
		if err != nil {
			return nil // a message without a suggestion
		}
		for i := range names {
			names[i] = "names/" + names[i]
		}
		return names
	})
}

func inputBytes(c rule.CallContext, p string) ([]byte, error) {
	r, err := c.Open(p)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// envVars gives the variables of the environment that a spec names, sorted.
func envVars(s *spec.Spec) []string {
	names := map[string]bool{}
	var visit func(v spec.Value)
	visit = func(v spec.Value) {
		if v.Kind == spec.Env {
			names[v.Text] = true
		}
		for _, x := range v.List {
			visit(x)
		}
		for _, e := range v.Dict {
			visit(e.Value)
		}
	}
	for _, i := range s.Instances() {
		for _, e := range i.Partial {
			visit(e.Value)
		}
		if i.ArgValues != nil {
			visit(*i.ArgValues)
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
