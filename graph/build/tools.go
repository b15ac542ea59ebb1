package build

import (
	"context"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
	"github.com/cairn-build/cairn/graph/toolset"
)

// posixTool stands for the one toolset that scripts may use without naming it. No program's name has a space.
const posixTool = "posix toolset"

// toolNames is what a workspace says of programs of the host: where they lie on this machine, and how strictly they are told
// apart. A graph keeps both in the name of a tool, so that a run without an evaluation knows them: "gcc", or
// "gcc\tpath\tidentity" where something is said.
type toolNames struct{ paths, identity map[string]string }

func (n toolNames) encode(name string) string {
	if n.paths[name] == "" && n.identity[name] == "" {
		return name
	}
	return name + "\t" + n.paths[name] + "\t" + n.identity[name]
}

func (n toolNames) encodeAll(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, n.encode(name))
	}
	return out
}

// resolver opens what finds programs of the host, as the graph's tools say.
func (e *Engine) resolver(g *state.Graph) *toolset.Resolver {
	records := e.lookups()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tools == nil {
		o := toolset.Options{Records: records, Seen: e.seenTool, Getenv: e.o.Getenv, Overrides: map[string]string{}, Identity: map[string]string{}}
		for i := range g.NumTools() {
			name, path, identity := decodeTool(strings.Clone(g.ToolName(state.ToolID(i)))) // the resolver outlives the graph
			if path != "" {
				o.Overrides[name] = path
			}
			if identity != "" {
				o.Identity[name] = identity
			}
		}
		e.tools = toolset.New(o)
	}
	return e.tools
}

// seenTool gives the identity of a program that the last scan found to be as it was, zero for others.
func (e *Engine) seenTool(name string) digest.Hash {
	if name == "posix" {
		name = posixTool
	}
	e.mu.Lock()
	g := e.seen
	e.mu.Unlock()
	if g == nil {
		return digest.Hash{}
	}
	id, ok := g.FindTool(name)
	if !ok {
		return digest.Hash{}
	}
	return e.seenIn(g, id)
}

// seenIn gives the identity of a program if the last scan was of g and found it to be as it was, zero otherwise.
func (e *Engine) seenIn(g *state.Graph, id state.ToolID) (h digest.Hash) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen == g {
		h, _ = g.ToolIdentity(id)
	}
	return h
}

// toolsSeen notes the graph of which a scan found all programs to be as they were; nil forgets.
func (e *Engine) toolsSeen(g *state.Graph) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = g
}

func decodeTool(encoded string) (name, path, identity string) {
	name, rest, _ := strings.Cut(encoded, "\t")
	path, identity, _ = strings.Cut(rest, "\t")
	return name, path, identity
}

// toolText names a program of the host for people; of a folder it gives the path and which parts of it count.
func toolText(name string) string {
	if folder, ok := rule.HostFolderText(name); ok {
		return folder
	}
	return name
}

// resolveTool finds one program, or the toolset of scripts, by its name in the graph.
func (e *Engine) resolveTool(ctx context.Context, g *state.Graph, encoded string) (toolset.Tool, error) {
	if encoded == posixTool {
		t, err := e.resolver(g).Posix(ctx)
		t.Name = posixTool
		return t, err
	}
	name, _, _ := decodeTool(encoded)
	return e.resolver(g).Resolve(ctx, name)
}
