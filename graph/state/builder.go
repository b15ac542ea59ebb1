package state

import (
	"fmt"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Builder takes an evaluated workspace, row by row, and lays it out as a Graph. It is used by one goroutine and keeps the
// slices it is given. The ids it hands out serve only to name rows to the Builder itself. The order of rows does not show
// in the Graph, but for the order of a target's own actions.
type Builder struct {
	settings digest.Hash
	arts     []artRow
	byPath   map[string]ArtifactID
	targets  []TargetRow
	actions  []ActionRow
	reads    []ReadRow
	readAt   map[readKey]bool
	err      error
}

type artRow struct {
	path     string
	kind     rule.ArtifactKind
	producer int32 // an action's row, -1 for none
}

type readKey struct {
	kind        ReadKind
	path, query string
}

// TargetRow is one configured target. Dependencies have been added before it.
type TargetRow struct {
	Label       label.Label
	Kind        string
	File        string // BUILD.hcl, relative to the workspace
	Line        int
	Platform    string
	Flags       TargetFlags
	Tags        []string
	Description string
	Default     []ArtifactID // from Artifact, before or after their action was added
	Deps        []TargetID
	Run         []byte   // opaque; what `cairn run` needs
	Looks       []string // files that the evaluation read for this target
	Kept        []byte   // opaque; what the target keeps in the source tree, and what is checked
}

// ActionRow is one declared action. Two rows with equal Spec, Flags, Tools, Inputs and Outputs are the same work: Adopt
// takes over what is known of it. So all that enters the key must be in them.
type ActionRow struct {
	Target  TargetID
	Spec    []byte // opaque: the encoded rule.Action
	Inputs  []ArtifactID
	Outputs []ArtifactID
	Tools   []string // host programs
	Flags   ActionFlags
}

// NewBuilder starts a graph for settings: a hash of all that decides how the workspace is evaluated, besides what the
// evaluation reads (platform, values of --var, cairn's version).
func NewBuilder(settings digest.Hash) *Builder {
	return &Builder{settings: settings, byPath: map[string]ArtifactID{}, readAt: map[readKey]bool{}}
}

// Artifact gives the id of an artifact; one path is one artifact, of one kind.
func (b *Builder) Artifact(a rule.Artifact) ArtifactID {
	if id, ok := b.byPath[a.Path]; ok {
		if k := b.arts[id].kind; k != a.Kind {
			b.fail("internal error: %s is an artifact of kind %d and of kind %d", a.Path, k, a.Kind)
		}
		return id
	}
	if err := rule.CheckRel(a.Path); err != nil || len(a.Path) > maxPath {
		b.fail("internal error: an artifact lies at %q: %v", a.Path, err)
	}
	id := ArtifactID(len(b.arts))
	b.arts = append(b.arts, artRow{path: a.Path, kind: a.Kind, producer: -1})
	b.byPath[a.Path] = id
	return id
}

// maxPath is how long a path can be; the kernel's own limit is 4096.
const maxPath = 1<<16 - 1

// Source is Artifact for a file of the workspace.
func (b *Builder) Source(path string) ArtifactID {
	return b.Artifact(rule.Artifact{Path: path, Kind: rule.Source})
}

// Target adds a target.
func (b *Builder) Target(t TargetRow) TargetID {
	if len(t.Label.Pkg) > maxPath || len(t.Label.Name) > maxPath {
		b.fail("internal error: the label %.80s... is too long", t.Label)
	}
	for _, d := range t.Deps {
		if int(d) >= len(b.targets) {
			b.fail("internal error: %s depends on a target that was not added", t.Label)
		}
	}
	b.targets = append(b.targets, t)
	return TargetID(len(b.targets) - 1)
}

// Action adds an action.
func (b *Builder) Action(a ActionRow) ActionID {
	id := len(b.actions)
	if int(a.Target) >= len(b.targets) {
		b.fail("internal error: an action of a target that was not added")
		a.Target = 0
	}
	for _, o := range a.Outputs {
		switch r := &b.arts[o]; {
		case r.kind == rule.Source:
			b.fail("internal error: an action writes the source %s", r.path)
		case r.producer >= 0:
			b.fail("internal error: two actions write %s", r.path)
		default:
			r.producer = int32(id)
		}
	}
	b.actions = append(b.actions, a)
	return ActionID(id)
}

// Read adds something that the evaluation has read. A repeat of kind, path and query is dropped.
func (b *Builder) Read(r ReadRow) {
	if r.Path == "" {
		r.Path = "." // the workspace's own folder
	}
	k := readKey{r.Kind, r.Path, string(r.Query)}
	if b.readAt[k] {
		return
	}
	if len(r.Path) > maxPath {
		b.fail("internal error: a read at %.80s...", r.Path)
		r.Path = r.Path[:80]
	}
	b.readAt[k] = true
	b.reads = append(b.reads, r)
}

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}
