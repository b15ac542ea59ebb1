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

// questionArgs are the words of the call python_question/2. Paths are those of the action's tree.
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
		Call: &rule.Call{Func: "python_question/2", Args: encode(a)}})
	return requirements, constraints
}

// writeQuestion is python_question/2.
func writeQuestion(_ context.Context, c rule.CallContext) error {
	var a questionArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	q := &questioner{c: c, a: a, seen: map[string]bool{}}
	for _, p := range a.Locks {
		b, err := read(c, p)
		if err == nil && !isLock(p, b) {
			q.loose = p
			continue
		}
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
	projects      bool   // a pyproject.toml was read
	loose         string // the project's requirements.txt, where that is no lock
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
		if name == q.loose {
			return fmt.Errorf("%s %s: of a project only requirements.txt itself is read; a lock in it says more", option, file)
		}
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

// project reads a pyproject.toml. Where that of a folder does not say what is required, its requirements.txt does; where it does,
// exact versions there bound what may be chosen.
func (q *questioner) project(name string, folder bool) error {
	b, err := read(q.c, name)
	if absent := (*rule.NotInputError)(nil); errors.As(err, &absent) && folder {
		if q.loose != "" {
			return q.file(q.loose, false)
		}
		return fmt.Errorf("%s has neither a lock (%s) nor a pyproject.toml that says what it requires", q.a.Project, strings.Join(lockNames, ", "))
	}
	if err != nil {
		return err
	}
	doc, err := parseTOML(b)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p, err := readProject(doc)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if p.dynamic != "" && q.loose != "" {
		return q.file(q.loose, false)
	}
	ns, err := p.wanted(q.a.Extras, q.a.Groups)
	if err != nil && p.dynamic != "" && folder {
		return fmt.Errorf("%s: %w; commit a lock, or a requirements.txt that says it", name, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	q.needs, q.projects = append(q.needs, ns...), true
	return q.pins()
}

// pins has the exact versions of a requirements.txt beside a pyproject.toml count as constraints.
func (q *questioner) pins() error {
	if q.loose == "" {
		return nil
	}
	b, err := read(q.c, q.loose)
	if err != nil {
		return err
	}
	return logicalLines(string(b), func(_ int, line string) error {
		if n, err := parseNeed(line); err == nil && n.from == "" && strings.HasPrefix(n.spec, "==") && !strings.ContainsAny(n.spec, ",*") {
			n.extras = nil // a constraint has none
			q.bounds = append(q.bounds, n)
		}
		return nil
	})
}
