package load

import "github.com/cairn-build/cairn/graph/rule"

// Block describes a block of the language itself, for checks, reference pages and completion. Kinds describe their own
// with rule.Rule.
type Block struct {
	Type   string
	Labels int
	Doc    string
	Attrs  []rule.Attr
	Blocks []Block
	Root   bool // stands in the root package only
}

// Blocks gives the blocks that are not targets, sorted by type.
func Blocks() []Block { return blocks }

var workspaceAttrs = []rule.Attr{
	{Name: "requires", Type: rule.String, Doc: "A semver constraint on cairn itself (`>= 0.1`)."},
	{Name: "tool_identity", Type: rule.StringMap, Doc: "How strictly programs of the host are told apart: `content` (default), `version`, or `declared:TEXT`."},
	{Name: "description", Type: rule.String, Doc: "What the workspace is, for people."},
	{Name: "default_env", Type: rule.LabelRef, Doc: "The `python_env` that scripts have which name none (`//envs:default`)."},
	{Name: "epics_base", Type: rule.LabelRef, Doc: "The `epics_base` of IOC modules and IOCs that name none (`//epics:base`)."},
}

var packageAttrs = []rule.Attr{
	{Name: "visibility", Type: rule.Strings, Doc: "The visibility of the package's targets that set none."},
	{Name: "tags", Type: rule.Strings, Doc: "Tags that all targets of the package have."},
	{Name: "description", Type: rule.String, Doc: "What the package is, for people."},
}

var variableAttrs = []rule.Attr{
	{Name: "type", Type: rule.Any, Doc: "A type: `string`, `number`, `bool`, `list(string)`, `map(number)`, `object({ name = string })`."},
	{Name: "default", Type: rule.Any, Doc: "The value where nothing sets the variable. `env(\"X\")` may stand here."},
	{Name: "description", Type: rule.String, Doc: "What the variable is, for people."},
	{Name: "sensitive", Type: rule.Bool, Doc: "The value is never shown, and no target may hold it."},
}

var validationAttrs = []rule.Attr{
	{Name: "condition", Type: rule.Any, Required: true, Doc: "What must be true of the value."},
	{Name: "error_message", Type: rule.String, Required: true, Doc: "What to say where it is not."},
}

var functionAttrs = []rule.Attr{
	{Name: "params", Type: rule.Any, Required: true, Doc: "The parameters' names, in brackets and without quotes."},
	{Name: "variadic_param", Type: rule.Any, Doc: "The name of a parameter that takes all further arguments as a list."},
	{Name: "result", Type: rule.Any, Required: true, Doc: "What a call gives. Parameters, var, local and platform are in scope."},
}

var blocks = []Block{
	{Type: "function", Labels: 1, Doc: "A function of the package.", Attrs: functionAttrs},
	{Type: "locals", Doc: "Values with names, for the package. They may refer to each other in any order."},
	{Type: "package", Doc: "What holds for all targets of the package.", Attrs: packageAttrs},
	{Type: "variable", Labels: 1, Root: true, Doc: "A value that can be set from outside.", Attrs: variableAttrs,
		Blocks: []Block{{Type: "validation", Doc: "A rule that the value must keep.", Attrs: validationAttrs}}},
	{Type: "workspace", Labels: 1, Root: true, Doc: "Marks the root package. Literals only.", Attrs: workspaceAttrs},
}

// reserved are blocks that the language will have, and kinds must not be called.
var reserved = []string{"import", "rule", "template"}

// kind is a rule made ready for reading targets.
type kind struct {
	rule   *rule.Rule
	own    map[string]bool
	names  []string // of all attributes, for spellings
	lateIn string   // the attributes that may use in, out and tool(), in words
}

func newKind(r *rule.Rule) *kind {
	k := &kind{rule: r, own: map[string]bool{}}
	late := ""
	for _, a := range r.Attrs {
		k.own[a.Name] = true
		k.names = append(k.names, a.Name)
		if a.Late {
			late += a.Name + ", "
		}
	}
	for _, a := range rule.CommonAttrs {
		if !k.own[a.Name] {
			k.names = append(k.names, a.Name)
			if a.Late {
				late += a.Name + ", "
			}
		}
	}
	if late != "" {
		k.lateIn = late[:len(late)-2]
	}
	return k
}
