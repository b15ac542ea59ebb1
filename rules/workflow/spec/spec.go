// Package spec reads the files that describe workflows, spec.yaml in its three generations, and says all that is wrong with one
// as far as that can be said without knowing any task.
package spec

import "github.com/cairn-build/cairn/graph/diag"

// Spec is what a file means. Its JSON form is canonical: equal meanings are equal bytes, whatever comments, order of keys or
// style the file has. Places are no part of it.
type Spec struct {
	ID           string        `json:"id"`
	Metadata     *Metadata     `json:"metadata,omitempty"`
	Requirements []Requirement `json:"requirements"`
	Overrides    Overrides     `json:"overrides"`
	// Default is the skipif of instances that have none of their own.
	Default *SkipIf `json:"default,omitempty"`
	Items   []Item  `json:"items"`

	// Places says where in the file a part is, by its JSON pointer in the file ("/workflow/3/partial/x"). For messages only.
	Places Places `json:"-"`
}

// Places are stretches of the file by JSON pointer; see Key and Value. There is one for each part that has a key of its own, and for each
// variable within a list or a dictionary.
type Places map[string]diag.Range

// Metadata is what the file says of the workflow for people and package indexes.
type Metadata struct {
	Name          string       `json:"name,omitempty"`
	Description   string       `json:"description,omitempty"`
	Maintainers   []Maintainer `json:"maintainers,omitempty"`
	License       string       `json:"license,omitempty"`
	Repository    string       `json:"repository,omitempty"`
	Documentation string       `json:"documentation,omitempty"`
	Readme        string       `json:"readme,omitempty"`
	Keywords      []string     `json:"keywords,omitempty"`
	Extra         []Entry      `json:"extra,omitempty"` // other keys, kept as they are
}

// Maintainer is one of Metadata.Maintainers.
type Maintainer struct {
	Name  string  `json:"name"`
	Email string  `json:"email"`
	Extra []Entry `json:"extra,omitempty"` // other keys, kept as they are
}

// Requirement is one package that the generated one needs: from a conda channel, or from PyPI's world where Git, Path or URL is set.
type Requirement struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // a conda match spec without a name: "*", ">=1,<2"
	Channel string `json:"channel,omitempty"` // a name or an address

	Git          string   `json:"git,omitempty"`
	Path         string   `json:"path,omitempty"`
	URL          string   `json:"url,omitempty"`
	Rev          string   `json:"rev,omitempty"`
	Branch       string   `json:"branch,omitempty"`
	Tag          string   `json:"tag,omitempty"`
	Editable     bool     `json:"editable,omitempty"`
	Subdirectory string   `json:"subdirectory,omitempty"`
	Extras       []string `json:"extras,omitempty"`
}

// PyPI says whether pip, and not conda, installs r.
func (r Requirement) PyPI() bool { return r.Git != "" || r.Path != "" || r.URL != "" }

// Overrides replace parts of rjsf.json. Each list is sorted by path.
type Overrides struct {
	Properties []Override `json:"properties,omitempty"`
	Defs       []Override `json:"$defs,omitempty"`
	UISchema   []Override `json:"uiSchema,omitempty"`
}

// Override puts Value at Path, below one of the three parts; parents that are missing are made.
type Override struct {
	Path  []string `json:"path"`
	Value Value    `json:"value"`
}

// Item is a group or, where Group is nil, an instance.
type Item struct {
	Group *Group    `json:"group,omitempty"`
	Task  *Instance `json:"task,omitempty"`
}

// Group is a section of the form. It says nothing of how its instances run.
type Group struct {
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Tasks       []*Instance `json:"tasks"`
	At          string      `json:"-"` // its JSON pointer in the file
}

// Method is how an instance calls its task.
type Method string

// The methods there are.
const (
	Call      Method = "call"
	Map       Method = "map"
	MapValues Method = "mapvalues"
)

// Instance is one use of a task.
type Instance struct {
	Name   string `json:"name"` // for people; may be empty
	ID     string `json:"id"`
	Task   string `json:"task"` // a function's name, or "module.function"
	Method Method `json:"method"`
	// Partial are arguments that are bound, in the file's order, which is that of the generated code.
	Partial []Entry `json:"partial,omitempty"`
	// ArgNames and ArgValues are those of Map and MapValues. ArgValues is a variable or a list of several.
	ArgNames  []string `json:"argnames,omitempty"`
	ArgValues *Value   `json:"argvalues,omitempty"`
	// SkipIf is the instance's own, nil for the default; see Skips.
	SkipIf *SkipIf `json:"skipif,omitempty"`
	At     string  `json:"-"` // its JSON pointer in the file
}

// SkipIf says when an instance is skipped.
type SkipIf struct {
	Conditions  []string `json:"conditions"` // names of tasks
	UnpackDepth int      `json:"unpack_depth"`
}

// Kind is what a Value is.
type Kind string

// The kinds there are. Numbers keep the text of the file in Value.Text, in the form that JSON has.
const (
	Null   Kind = "null"
	Bool   Kind = "bool"
	Int    Kind = "int"
	Float  Kind = "float" // Text is JSON's form, or one of "nan", "inf", "-inf"
	String Kind = "string"
	List   Kind = "list"
	Dict   Kind = "dict"
	Return Kind = "return" // ${{ workflow.<Text>.return }}
	Env    Kind = "env"    // ${{ env.<Text> }}
)

// Value is what an argument is bound to: a literal, a variable, or lists and dictionaries of both.
type Value struct {
	Kind Kind    `json:"kind"`
	Text string  `json:"text,omitempty"` // "true" or "false" of a Bool
	List []Value `json:"list,omitempty"`
	Dict []Entry `json:"dict,omitempty"`
	// Wrong says that there is no value: what stands there was reported, and nothing more is to be said of it.
	Wrong bool `json:"-"`
}

// Entry is a key of a dictionary, or an argument's name, with its value. Dictionaries keep the file's order.
type Entry struct {
	Key   string `json:"key"`
	Value Value  `json:"value"`
}

// Instances gives all instances in the order of the file, which is the order in which they may run.
func (s *Spec) Instances() []*Instance {
	var is []*Instance
	for _, it := range s.Items {
		if it.Group != nil {
			is = append(is, it.Group.Tasks...)
		} else {
			is = append(is, it.Task)
		}
	}
	return is
}

// Skips gives what makes i be skipped: its own condition or the default; nil for nothing.
func (s *Spec) Skips(i *Instance) *SkipIf {
	if i.SkipIf != nil {
		return i.SkipIf
	}
	return s.Default
}
