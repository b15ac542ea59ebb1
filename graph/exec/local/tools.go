package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/toolset"
)

// programs gives what the tools put on PATH: name -> absolute path. A tool that is declared by name wins over one that
// another tool brings along.
func programs(tools []toolset.Tool) map[string]string {
	if len(tools) == 1 && (tools[0].Path == "" || tools[0].Programs[tools[0].Name] == tools[0].Path) && tools[0].Programs != nil {
		return tools[0].Programs
	}
	m := map[string]string{}
	for _, t := range tools {
		for name, p := range t.Programs {
			if _, have := m[name]; !have {
				m[name] = p
			}
		}
	}
	for _, t := range tools {
		if t.Path != "" {
			m[t.Name] = t.Path
		}
	}
	return m
}

// toolKey names a set of tools by what it puts on PATH and by what it needs to be shown. A folder of the host is told by what is in it as well: one
// that was put in its place is another one to show.
func toolKey(tools []toolset.Tool, progs map[string]string, roots []string) string {
	h := sha256.New()
	for _, t := range tools {
		if toolset.IsFolder(t.Name) {
			h.Write(t.Identity[:])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(progs)) {
		fmt.Fprintf(h, "%s\x00%s\x00", name, progs[name])
	}
	for _, r := range roots {
		fmt.Fprintf(h, "\x00%s", r)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// kit is a set of tools, ready for use.
type kit struct {
	key   string
	progs map[string]string
	roots []string
}

// kitOf works out what tools bring. It is the same for most actions of a build, so that the last answers are kept by the
// identities of their tools.
func (r *Runner) kitOf(tools []toolset.Tool) *kit {
	var b strings.Builder
	known := true
	for i := range tools {
		known = known && !tools[i].Identity.IsZero()
		b.WriteString(tools[i].Name)
		b.WriteByte(0)
		b.WriteString(tools[i].Path)
		b.WriteByte(0)
		b.Write(tools[i].Identity[:])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.kits[b.String()]; k != nil && known {
		return k
	}
	k := &kit{progs: programs(tools)}
	for _, t := range tools {
		k.roots = append(k.roots, t.Roots...)
	}
	slices.Sort(k.roots)
	k.roots = withoutNested(k.roots)
	k.key = toolKey(tools, k.progs, k.roots)
	if known {
		r.kits[b.String()] = k
	}
	return k
}

// withoutNested drops what lies below another entry of the sorted list, and repeats.
func withoutNested(roots []string) []string {
	var out []string
	for _, p := range roots {
		p = filepath.Clean(p)
		if !slices.ContainsFunc(out, func(o string) bool { return p == o || strings.HasPrefix(p, o+"/") }) {
			out = append(out, p)
		}
	}
	return out
}

// expander replaces placeholders of tools.
type expander struct {
	kit     *kit
	unknown string // the first name that is no tool
}

func (e *expander) do(s string) string {
	return rule.ExpandHostTools(s, func(name string) string {
		p, ok := e.kit.progs[name]
		if !ok && e.unknown == "" {
			e.unknown = name
		}
		return p
	})
}

func (e *expander) err() error {
	if e.unknown == "" {
		return nil
	}
	return notATool(e.unknown, e.kit)
}

var errNotATool = errors.New("is not among the programs that this action declares")

func notATool(name string, k *kit) error {
	err := &exec.StartError{Program: name, Err: errNotATool}
	if n := diag.Nearest(name, slices.Sorted(maps.Keys(k.progs))); n != "" {
		err.Near = []string{n}
	}
	return err
}

// program gives what is executed for argv[0]: a path of the tree or an absolute one as it stands, a name by way of the tools.
func (k *kit) program(argv0 string) (string, error) {
	if argv0 == "" {
		return "", &exec.StartError{Err: errors.New("the command is empty")}
	}
	if strings.Contains(argv0, "/") {
		return argv0, nil
	}
	if p, ok := k.progs[argv0]; ok {
		return p, nil
	}
	return "", notATool(argv0, k)
}

// environ gives the command's variables, sorted: those of s, and PATH, HOME and TMPDIR where s does not set them.
func environ(s *exec.Spawn, x *expander, path, home, tmp string, scratch func(exec.Scratch) string) []string {
	set := map[string]string{"PATH": path, "HOME": home, "TMPDIR": tmp}
	for _, kv := range s.Env {
		name, value, _ := strings.Cut(kv, "=")
		set[name] = x.do(value)
	}
	for _, c := range s.Scratch {
		set[c.Env] = scratch(c)
	}
	env := make([]string, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		env = append(env, name+"="+set[name])
	}
	return env
}
