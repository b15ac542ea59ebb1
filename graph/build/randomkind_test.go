package build_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// What join makes of an input is its first bytes: outputs stay small however deep a graph is.
const itemMax = 400

// bigTail is what `big` adds to an output, so that it is stored as a file of its own.
var bigTail = strings.Repeat("p", 70_000)

// join is a kind for tests. Its output is its name, then its inputs, each in brackets; with first = true only the first byte
// of each, so that many changes end at it. form says which way of working makes it:
//
//	call   a function of the rule
//	spawn  a command
//	dep    a command that reads its other inputs only where the first does not begin with an a, and says so in a depfile
//	tool   a command that puts what the host's program "marker" says behind the name
//	fan    a tree of the inputs, a command for each of its files that puts it in angle brackets, and a function that joins those
var join = &rule.Rule{Kind: "join",
	Attrs: []rule.Attr{{Name: "srcs", Type: rule.Files, Doc: "What is joined."}, {Name: "first", Type: rule.Bool, Doc: "First bytes only."},
		{Name: "big", Type: rule.Bool, Doc: "A long output."}, {Name: "form", Type: rule.String, Doc: "How it is made."}},
	Calls: map[string]rule.CallFunc{"join/1": joinCall, "pack/1": packCall},
	Analyze: func(c *rule.Context) error {
		out := c.OutputFile("", "out")
		ins := c.Files("srcs")
		j := joinArgs{name: c.Label().Name, out: out.Path, first: c.Bool("first"), big: c.Bool("big")}
		for _, in := range ins {
			j.in = append(j.in, in.Path)
		}
		a := rule.Action{Mnemonic: "Join", Inputs: ins, Outputs: []rule.Artifact{out}}
		switch form := c.String("form"); form {
		case "call":
			a.Call = &rule.Call{Func: "join/1", Args: j.encode()}
		case "spawn", "dep", "tool":
			a.Spawn = j.spawn(form, c.OutPath("d"))
		case "fan":
			packed, each := c.OutputTree("", "packed"), c.OutputTree("", "each")
			pack := j
			pack.out = packed.Path
			c.Declare(rule.Action{Mnemonic: "Pack", Inputs: ins, Outputs: []rule.Artifact{packed}, Call: &rule.Call{Func: "pack/1", Args: pack.encode()}})
			c.Declare(rule.Action{Mnemonic: "Each", Inputs: []rule.Artifact{packed}, Outputs: []rule.Artifact{each}, Spawn: &rule.Spawn{Posix: true,
				Argv: []string{rule.HostTool("sh"), "-euc", `{ printf '<'; cat "$1"; printf '>'; } > "$2"`, "-", "{file}", each.Path + "/{rel}"},
				Each: &rule.Each{Tree: packed, Globs: []string{"*"}, Alone: true}}})
			j.in, j.first = []string{each.Path}, false
			a.Inputs, a.Call = []rule.Artifact{each}, &rule.Call{Func: "join/1", Args: j.encode()}
		}
		c.Declare(a)
		c.SetDefault(out)
		return nil
	}}

// joinArgs is what one join is told.
type joinArgs struct {
	name, out  string
	first, big bool
	in         []string
}

func (j joinArgs) encode() []byte {
	return []byte(fmt.Sprintf("%s\n%v\n%v\n%s\n%s", j.name, j.first, j.big, j.out, strings.Join(j.in, "\n")))
}

func decodeJoin(b []byte) joinArgs {
	f := strings.Split(string(b), "\n")
	return joinArgs{name: f[0], first: f[1] == "true", big: f[2] == "true", out: f[3], in: f[4:]}
}

func (j joinArgs) limit() int {
	if j.first {
		return 1
	}
	return itemMax
}

func (j joinArgs) tail() string {
	if j.big {
		return bigTail
	}
	return ""
}

const joinScript = `o=$1; n=$2; max=$3; tail=$4; form=$5; dep=$6; tool=$7; shift 7
if [ $form = dep ]; then
  case $(head -c1 "$1") in a) set -- "$1";; esac
  printf 'x:' > "$dep"; for i; do printf ' %s' "$i" >> "$dep"; done; echo >> "$dep"
fi
{ printf %s "$n"
  if [ $form = tool ]; then printf '{%s}' "$($tool)"; fi
  for i; do printf '['; head -c$max "$i"; printf ']'; done
  head -c$tail /dev/zero | tr '\0' p
} > "$o"`

func (j joinArgs) spawn(form, dep string) *rule.Spawn {
	s := &rule.Spawn{Posix: true}
	tool := ""
	switch form {
	case "dep":
		s.DepFile = dep
	case "tool":
		tool, s.HostTools = rule.HostTool("marker"), []string{"marker"}
	}
	s.Argv = append([]string{rule.HostTool("sh"), "-euc", joinScript, "-", j.out, j.name, fmt.Sprint(j.limit()), fmt.Sprint(len(j.tail())), form, dep, tool}, j.in...)
	return s
}

func joinCall(_ context.Context, c rule.CallContext) error {
	j := decodeJoin(c.Args())
	if len(j.in) == 1 && strings.HasSuffix(j.in[0], "/each") {
		names, err := c.List(j.in[0])
		if err != nil {
			return err
		}
		tree := j.in[0]
		j.in = nil
		for _, n := range names {
			j.in = append(j.in, tree+"/"+n)
		}
	}
	var b strings.Builder
	b.WriteString(j.name)
	for _, p := range j.in {
		data, err := readItem(c, p, j.limit())
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "[%s]", data)
	}
	return c.Write(j.out, []byte(b.String()+j.tail()), false)
}

func packCall(_ context.Context, c rule.CallContext) error {
	j := decodeJoin(c.Args())
	for i, p := range j.in {
		data, err := readItem(c, p, min(j.limit(), itemMax-2))
		if err == nil {
			err = c.Write(fmt.Sprintf("%s/f%02d", j.out, i), data, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readItem(c rule.CallContext, path string, limit int) ([]byte, error) {
	r, err := c.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return data[:min(len(data), limit)], err
}
