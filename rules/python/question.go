package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// questionArgs are the words of the call python_question/1. Paths are those of the action's tree.
type questionArgs struct {
	Project     string   `json:"project,omitempty"` // a folder with a pyproject.toml
	Locks       []string `json:"locks,omitempty"`   // where one of them is there, nothing is asked
	Files       []string `json:"files,omitempty"`
	Constraints []string `json:"constraints,omitempty"`
	Extras      []string `json:"extras,omitempty"`
	Groups      []string `json:"groups,omitempty"`
	Out         string   `json:"out"`
	Bounds      string   `json:"bounds"` // where constraints go
}

// declareQuestion declares the call that writes what is to be asked: requirements, and constraints.
func declareQuestion(c *rule.Context, a questionArgs, picks []string, from []rule.Artifact) (requirements, constraints rule.Artifact) {
	requirements, constraints = c.OutputFile("", "question/requirements.txt"), c.OutputFile("", "question/constraints.txt")
	a.Out, a.Bounds = requirements.Path, constraints.Path
	c.Declare(rule.Action{Mnemonic: "Requirements", Inputs: from, Picks: picks, Outputs: []rule.Artifact{requirements, constraints},
		Call: &rule.Call{Func: "python_question/1", Args: encode(a)}})
	return requirements, constraints
}

// writeQuestion is python_question/1.
func writeQuestion(_ context.Context, c rule.CallContext) error {
	var a questionArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	q := &questioner{c: c, a: a, seen: map[string]bool{}}
	for _, p := range a.Locks {
		_, err := read(c, p)
		if err == nil {
			return errors.Join(c.Write(a.Out, nil, false), c.Write(a.Bounds, nil, false))
		}
		if absent := (*rule.NotInputError)(nil); !errors.As(err, &absent) {
			return err
		}
	}
	if a.Project != "" {
		if err := q.project(a.Project+"/pyproject.toml", true); err != nil {
			return err
		}
	}
	for _, f := range a.Files {
		if err := q.file(f, false); err != nil {
			return err
		}
	}
	for _, f := range a.Constraints {
		if err := q.file(f, true); err != nil {
			return err
		}
	}
	if len(a.Extras)+len(a.Groups) > 0 && !q.projects {
		return errors.New("extras and groups are those of a project, and no pyproject.toml is named")
	}
	asked := questionText(q.needs)
	if asked == "" && len(a.Files) > 0 {
		return fmt.Errorf("%s: nothing is required there", strings.Join(a.Files, ", "))
	}
	return errors.Join(c.Write(a.Out, []byte(asked), false), c.Write(a.Bounds, []byte(questionText(q.bounds)), false))
}

// questioner reads requirements from wherever they stand.
type questioner struct {
	c             rule.CallContext
	a             questionArgs
	seen          map[string]bool
	needs, bounds []need
	projects      bool // a pyproject.toml was read
}

// file reads a file of requirements, or a pyproject.toml, as requirements or as constraints.
func (q *questioner) file(name string, bound bool) error {
	if q.seen[fmt.Sprint(name, bound)] {
		return nil
	}
	q.seen[fmt.Sprint(name, bound)] = true
	if strings.HasSuffix(name, ".toml") && !bound {
		return q.project(name, false)
	}
	b, err := read(q.c, name)
	if err != nil {
		return err
	}
	ns, err := readNeeds(string(b), func(option, file string) error {
		at := path.Join(path.Dir(name), file)
		if !slices.Contains(q.a.Files, at) && !slices.Contains(q.a.Constraints, at) {
			return fmt.Errorf("%s %s: %s is not among the target's files; name it there as well", option, file, at)
		}
		return q.file(at, bound || option == "-c")
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, n := range ns {
		if err := n.foreign(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if bound {
		q.bounds = append(q.bounds, ns...)
	} else {
		q.needs = append(q.needs, ns...)
	}
	return nil
}

func (q *questioner) project(name string, folder bool) error {
	b, err := read(q.c, name)
	if absent := (*rule.NotInputError)(nil); errors.As(err, &absent) && folder {
		return fmt.Errorf("%s has neither a lock (%s) nor a pyproject.toml that says what it requires", q.a.Project, strings.Join(lockNames, ", "))
	}
	if err != nil {
		return err
	}
	ns, err := projectNeeds(b, q.a.Extras, q.a.Groups)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	q.needs, q.projects = append(q.needs, ns...), true
	return nil
}

// projectNeeds gives what a pyproject.toml requires, with extras and groups.
func projectNeeds(pyproject []byte, extras, groups []string) ([]need, error) {
	doc, err := parseTOML(pyproject)
	if err != nil {
		return nil, err
	}
	p, err := readProject(doc)
	if err != nil {
		return nil, err
	}
	return p.wanted(extras, groups)
}
