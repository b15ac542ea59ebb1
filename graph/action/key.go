package action

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/graph/rule"
)

// Resolved is one input as it is now: what it is, not only what it is called.
type Resolved struct {
	rule.Artifact
	Digest digest.Digest // of a file's bytes, or of a tree's root Directory message
	Exec   bool
	From   string // the tree that it was picked from, "" for what is an artifact itself
}

// source gives the path of the artifact whose bytes these are.
func (r *Resolved) source() string {
	if r.From != "" {
		return r.From
	}
	return r.Path
}

// ToolIdentity is a program of the host in a key: the name it was asked for by, and what it is.
type ToolIdentity struct {
	Name     string
	Identity digest.Hash
}

// Sink takes the components of a key, in one fixed order. One sink hashes, another names them for people, so that what is
// hashed and what is explained cannot differ.
type Sink interface {
	Arg(i int, value string)
	Env(name, value string)
	Output(path string, tree bool)
	Option(name, value string)
	Tool(t ToolIdentity)
	Input(in *Resolved)
}

// Describe walks all that enters the key of a into s. What is not walked is not in the key: the mnemonic, timeouts,
// resources, passed variables, a fetch's address, the workspace's place.
func Describe(a *rule.Action, inputs []Resolved, tools []ToolIdentity, s Sink) {
	switch {
	case a.Spawn != nil:
		describeSpawn(a.Spawn, s)
	case a.Call != nil:
		s.Option("call", a.Call.Func)
		describeArgs(a.Call.Args, s)
	case a.Fetch != nil:
		f := a.Fetch
		if f.Word != "" {
			text, _ := f.WordText() // without it the action does not run
			s.Option("word", text)
			return
		}
		if f.SHA256 == "" && (f.GitTree != "" || f.Pin != nil) {
			s.Option("git-tree", f.GitTree)
			if f.EmptySubmodules {
				s.Option("submodules", "empty")
			}
			if f.Submodules {
				s.Option("submodules", "fetched")
			}
			return
		}
		s.Option("fetch", f.SHA256)
		if f.Unpack != "" {
			s.Option("unpack", fmt.Sprintf("%s strip=%d", f.Unpack, f.Strip))
		}
		if f.Executable {
			s.Option("executable", "true")
		}
		return // a fetch is what its digest says, wherever it comes from and wherever it goes
	}
	for _, o := range a.Outputs {
		s.Output(o.Path, o.Kind == rule.OutputTree)
	}
	for _, t := range tools {
		s.Tool(t)
	}
	for i := range inputs {
		s.Input(&inputs[i])
	}
}

func describeSpawn(p *rule.Spawn, s Sink) {
	for i, v := range p.Argv {
		s.Arg(i, v)
	}
	for _, e := range p.Env {
		s.Env(e.Name, e.Value)
	}
	if p.Stdout != "" {
		s.Option("stdout", p.Stdout)
	}
	if p.DepFile != "" {
		s.Option("depfile", p.DepFile)
	}
	if len(p.Discover) > 0 {
		s.Option("discover", strings.Join(p.Discover, "\x00"))
	}
	if p.Network {
		s.Option("network", "true")
	}
	for _, l := range p.Layers {
		for _, f := range l.Files {
			s.Option("layer "+l.Path+"/"+f.Path, f.Link+"\n"+f.Text)
		}
	}
	if p.Each != nil {
		s.Option("each", p.Each.Tree.Path+" "+strings.Join(p.Each.Globs, " "))
	}
}

// hashSink builds the canonical REAPI Action. Scratch space is kept between keys; it is used by one goroutine.
type hashSink struct {
	cmd   reapi.Command
	root  reapi.Root
	salt  []byte
	buf   []byte
	blank bool // leave out what inputs hold: the narrow key
	names func(tree digest.Digest) digest.Digest
	found []string // where inputs are discovered by their names as well
}

func (h *hashSink) Arg(_ int, v string) { h.cmd.Args = append(h.cmd.Args, v) }
func (h *hashSink) Env(name, value string) {
	h.cmd.Env = append(h.cmd.Env, reapi.EnvVar{Name: name, Value: value})
}
func (h *hashSink) Output(path string, tree bool) {
	h.cmd.Outputs = append(h.cmd.Outputs, path)
	if tree {
		h.Option("tree", path)
	}
}

// Option puts what REAPI has no field for into the salt, each part with its length.
func (h *hashSink) Option(name, value string) {
	h.salt = fmt.Appendf(h.salt, "%d:%s%d:%s", len(name), name, len(value), value)
}

func (h *hashSink) Tool(t ToolIdentity) { h.Option("tool "+t.Name, string(t.Identity[:])) }

func (h *hashSink) Input(in *Resolved) {
	d := in.Digest
	blank := h.blank
	if blank && h.found != nil {
		if coveredBy(h.found, in.Path) {
			return
		}
		blank = false
	}
	if in.Kind == rule.OutputTree {
		if blank {
			d = h.names(d)
		}
		h.root.AddTree(in.Path, d)
		return
	}
	if blank {
		d = digest.Digest{}
	}
	h.root.AddFile(in.Path, d, in.Exec)
}

func (h *hashSink) reset() {
	h.cmd.Args, h.cmd.Env, h.cmd.Outputs = h.cmd.Args[:0], h.cmd.Env[:0], h.cmd.Outputs[:0]
	h.root.Reset()
	h.salt = h.salt[:0]
}

// sum gives the digest of the Action that was described. full keeps the messages for those who want them.
func (h *hashSink) sum() (digest.Hash, error) {
	slices.Sort(h.cmd.Outputs)
	h.buf = reapi.AppendCommand(h.buf[:0], &h.cmd)
	act := reapi.Action{Command: digest.Of(h.buf), Salt: h.salt}
	root, err := h.root.Digest()
	if err != nil {
		return digest.Hash{}, err
	}
	act.InputRoot = root
	h.buf = reapi.AppendAction(h.buf[:0], &act)
	return sha256.Sum256(h.buf), nil
}

// Keyer computes keys. It is used by one goroutine; make one for each.
type Keyer struct {
	sink hashSink
	// Names gives a digest of a tree's names and kinds, contents left out. Needed for narrow keys with trees among the inputs.
	Names func(tree digest.Digest) digest.Digest
}

// Full gives the full key: the SHA-256 of the canonical REAPI Action message.
func (k *Keyer) Full(a *rule.Action, inputs []Resolved, tools []ToolIdentity) (digest.Hash, error) {
	return k.key(a, inputs, tools, false)
}

// Narrow gives the key of an action that discovers its inputs: their names count, their contents do not.
func (k *Keyer) Narrow(a *rule.Action, inputs []Resolved, tools []ToolIdentity) (digest.Hash, error) {
	return k.key(a, inputs, tools, true)
}

func (k *Keyer) key(a *rule.Action, inputs []Resolved, tools []ToolIdentity, blank bool) (digest.Hash, error) {
	h := &k.sink
	h.reset()
	h.blank, h.names, h.found = blank, k.Names, nil
	if a.Spawn != nil && len(a.Spawn.Discover) > 0 {
		h.found = a.Spawn.Discover
	}
	if blank {
		h.Option("narrow", "1")
	}
	Describe(a, inputs, tools, h)
	return h.sum()
}
