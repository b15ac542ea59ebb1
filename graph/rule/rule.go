// Package rule holds all that the author of a kind sees: a Rule with its attributes, the Context its Analyze gets, and
// the artifacts, actions and providers it declares. It touches neither disk nor network, environment or clock.
package rule

import (
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
)

// Rule is a kind of target: a schema and what it means. Rules are values in an explicit list (rules.All); nothing
// registers itself.
type Rule struct {
	Kind    string
	Doc     string // the page shown by `cairn help KIND`, Markdown; embedded from <kind>.md beside the rule
	Attrs   []Attr // the kind's own; the common ones (see CommonAttrs) come on top
	Analyze func(*Context) error
	// Calls are the Go functions that this kind's Call actions name. A function's name carries its version
	// ("write_file/1"): a change of behaviour is a new name, and so a new key.
	Calls map[string]CallFunc
}

// Type is what an attribute holds; the comment gives the Go type of its value in a Target.
type Type uint8

const (
	String    Type = iota // string
	Bool                  // bool
	Int                   // int64
	Strings               // []string
	StringMap             // map[string]string
	File                  // Ref: one source file or label
	Files                 // []Ref: source files and labels
	LabelRef              // Ref: one label
	LabelRefs             // []Ref: labels
	Tools                 // []Ref: labels, or programs of the host by name
	Output                // string: a path below the target's own output folder
	Outputs               // []string: such paths
	Any                   // any: what JSON would give (nil, bool, float64, string, []any, map[string]any)
)

// Attr is one attribute of a kind. Doc is one or two sentences and is required.
type Attr struct {
	Name     string
	Type     Type
	Doc      string
	Required bool
	Default  any      // a value of Type's Go type; nil: absent
	Enum     []string // for String: what is allowed
	// Late attributes may use in.*, out and tool(); they are evaluated when the target is analysed.
	Late bool
	// Exec labels are built for the machine that runs the action, not for the target's platform.
	Exec bool
	// Runtime labels and files are needed when the target runs, not to build it.
	Runtime bool
	// Workspace names the attribute of the workspace block that gives the value where a target gives none; "" for none.
	Workspace string
	// Needs is a provider's name that a label in this attribute must have ("" for any target).
	Needs string
	// Within names an attribute of the same kind that holds the label of a folder, for File and Files: in a target that sets it, plain words
	// are paths or patterns in that folder (Ref.InTree), and a file of the package is written `./file`.
	Within string
}

// Ref is one element of an attribute that takes files, labels or tools. Just one of Label, Path, Host and InTree is set.
type Ref struct {
	Label  label.Label
	Path   string // a source file, relative to the workspace, slash-separated
	Host   string // a program of the host
	InTree string // a path or pattern in the folder that Attr.Within's attribute names
	Range  diag.Range
}

// Value is an attribute's value in one target. Either Value is set, or, for an attribute that uses in.*, out or tool(),
// Late gives the value once the scope is known. Late may be called from several goroutines.
type Value struct {
	Value     any
	Late      func(Scope) (any, diag.List)
	Range     diag.Range // zero for the attribute's own default
	Workspace bool       // it is what the workspace block says
}

// Scope is what a Late value may refer to. Paths are relative to the root of the action's tree.
type Scope struct {
	In   map[string][]string // "srcs", "deps", "data"
	Out  []string
	Tool func(name string) (string, error) // a path, or a placeholder from HostTool
}

// Platform names a machine by "<os>-<arch>" in the words of uname: linux-x86_64, linux-aarch64, darwin-arm64.
type Platform struct{ OS, Arch string }

// String gives "<os>-<arch>".
func (p Platform) String() string { return p.OS + "-" + p.Arch }

// Target is one instance of a kind as loading gives it: names and attributes, checked against the schema.
type Target struct {
	Label    label.Label
	Kind     string
	Range    diag.Range // the block's header
	Platform Platform
	Attrs    map[string]Value // the kind's own attributes; defaults are filled in, absent ones are absent
	Common   Common
}

// Common holds the attributes that every kind has.
type Common struct {
	Description string
	Tags        []string
	Visibility  []label.Pattern // empty: the whole workspace
	Env         map[string]string
	PassEnv     []string
	TimeoutNS   int64 // 0: none
	Network     bool
	Platforms   []string // empty: all
	Manual      bool
	Local       bool
	Exclusive   bool
	Testonly    bool
	Resources   Resources
}

// Resources is what an action holds while it runs. Slots counts jobs (0 means 1), Mem bytes (0: not counted).
type Resources struct {
	Mem   int64
	Slots int
}

// CommonAttrs is the schema of Common, for docs, checks and nearest spellings. for_each stands here too, though loading
// uses it up. "resources" is Any, an object {mem = "4GiB", slots = 2}; "timeout" is a duration ("90s").
var CommonAttrs = []Attr{
	{Name: "description", Type: String, Doc: "What the target is, for people."},
	{Name: "tags", Type: Strings, Doc: "Words to select targets by."},
	{Name: "visibility", Type: Strings, Doc: "Patterns of the targets that may depend on this one; by default the whole workspace."},
	{Name: "for_each", Type: Any, Doc: "A map or a set of strings: one instance for each key, named `<name>@<key>`."},
	{Name: "env", Type: StringMap, Late: true, Doc: "Environment variables of the target's actions. They are part of the key."},
	{Name: "pass_env", Type: Strings, Doc: "Names of variables passed on from the caller. They are not part of the key, so the target is never cached."},
	{Name: "timeout", Type: String, Doc: "How long one action may take (`90s`, `10m`). Not part of the key."},
	{Name: "network", Type: Bool, Doc: "Whether the actions may reach the network. Default: false."},
	{Name: "platforms", Type: Strings, Doc: "The platforms that the target can be built for; by default all."},
	{Name: "manual", Type: Bool, Doc: "Leaves the target out of patterns such as `//...`; it is built when named or needed."},
	{Name: "local", Type: Bool, Doc: "Never sends the actions to a remote executor."},
	{Name: "exclusive", Type: Bool, Doc: "Runs the actions while nothing else runs."},
	{Name: "resources", Type: Any, Doc: "What an action holds while it runs: `{ mem = \"4GiB\", slots = 2 }`."},
	{Name: "testonly", Type: Bool, Doc: "Only tests and testonly targets may depend on this one."},
}
