package svg

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

func ret(id string) spec.Value { return spec.Value{Kind: spec.Return, Text: id} }

func list(v ...spec.Value) spec.Value { return spec.Value{Kind: spec.List, List: v} }

// flow makes a workflow of instances. Those of the group g stand together where they follow each other.
type flow struct{ *link.Workflow }

func (f flow) add(group string, i *spec.Instance) {
	if i.Method == "" {
		i.Method = spec.Call
	}
	items := &f.Spec.Items
	var last *spec.Group
	if n := len(*items); n > 0 {
		last = (*items)[n-1].Group
	}
	switch {
	case group == "":
		*items = append(*items, spec.Item{Task: i})
	case last != nil && last.Title == group:
		last.Tasks = append(last.Tasks, i)
	default:
		*items = append(*items, spec.Item{Group: &spec.Group{Title: group, Tasks: []*spec.Instance{i}}})
	}
	f.Tasks = append(f.Tasks, &link.Task{Instance: i, Entry: &registry.Entry{}})
}

func newFlow() flow { return flow{&link.Workflow{Spec: &spec.Spec{ID: "x"}}} }

// large makes a workflow like those of users: groups of ten, arguments that come from anywhere before.
func large(n int) flow {
	f := newFlow()
	for i := range n {
		inst := &spec.Instance{ID: fmt.Sprintf("task_%03d", i), Task: "m.draw_ecomap"}
		for j, back := range []int{1 + i*7%3, 1 + i*5%13, i - 1} {
			if from := i - back; from >= 0 && back > 0 && (j < 2 || i%6 == 0) {
				inst.Partial = append(inst.Partial, spec.Entry{Key: fmt.Sprintf("argument_%d", j), Value: ret(fmt.Sprintf("task_%03d", from))})
			}
		}
		group := fmt.Sprintf("Group %d", i/10)
		if i%10 == 9 {
			group = ""
		}
		f.add(group, inst)
	}
	return f
}

// TestPlaces: boxes do not overlap, each stands right of all that it takes from, and frames hold theirs and no other's.
func TestPlaces(t *testing.T) {
	for _, n := range []int{1, 2, 17, 50, 120} {
		g := newGraph(large(n).Workflow)
		g.layout()
		in := func(n *node, b *block) bool {
			return n.x >= b.x && n.x+n.w <= b.x+b.w && n.y >= b.y && n.y+n.h <= b.y+b.h
		}
		apart := func(ax, ay, aw, ah, bx, by, bw, bh int) bool {
			return ax+aw <= bx || bx+bw <= ax || ay+ah <= by || by+bh <= ay
		}
		for i := range g.nodes {
			a := &g.nodes[i]
			if a.x < 0 || a.y < 0 || a.x+a.w > g.w || a.y+a.h > g.h {
				t.Errorf("%d tasks: %q is not in the picture", n, a.id)
			}
			for j := range g.nodes[:i] {
				if b := &g.nodes[j]; !apart(a.x, a.y, a.w, a.h, b.x, b.y, b.w, b.h) {
					t.Errorf("%d tasks: %q and %q overlap", n, a.id, b.id)
				}
			}
			for b := range g.blocks {
				bl := &g.blocks[b]
				if b == a.block && !in(a, bl) {
					t.Errorf("%d tasks: %q is out of %q", n, a.id, bl.title)
				}
				if b != a.block && !a.pass && !apart(a.x, a.y, a.w, a.h, bl.x, bl.y, bl.w, bl.h) {
					t.Errorf("%d tasks: %q is in %q", n, a.id, bl.title)
				}
			}
		}
		for _, e := range g.edges {
			if from, to := &g.nodes[e.from], &g.nodes[e.to]; from.x+from.w >= to.x {
				t.Errorf("%d tasks: %s does not stand right of %s", n, to.id, from.id)
			}
		}
	}
}

// TestEdges: an edge for each dependency, at the argument that takes it, wherever in the value it is.
func TestEdges(t *testing.T) {
	f := newFlow()
	f.add("", &spec.Instance{ID: "a", Task: "f"})
	f.add("", &spec.Instance{ID: "b", Task: "f", Partial: []spec.Entry{{Key: "x", Value: ret("a")}, {Key: "n", Value: spec.Value{Kind: spec.Int, Text: "5"}}}})
	nested := spec.Value{Kind: spec.Dict, Dict: []spec.Entry{{Key: "k", Value: list(ret("a"), ret("a"), spec.Value{Kind: spec.Env, Text: "HOME"})}}}
	each := list(ret("a"), ret("b"))
	f.add("", &spec.Instance{ID: "c", Task: "f", Method: spec.MapValues, ArgNames: []string{"p", "q"}, ArgValues: &each, Partial: []spec.Entry{{Key: "deep", Value: nested}}})
	edges, texts := read(t, Render(f.Workflow))
	if got, want := strings.Join(edges, " "), "a-b:x a-c:deep a-c:each|p,|q b-c:each|p,|q"; got != want {
		t.Errorf("edges %s, not %s", got, want)
	}
	for _, want := range []string{"a", "b", "c", "#a", "#b", "#c", "f", "x", "n = 5", "deep = {…}", "each p, q", "return"} {
		if !texts[want] {
			t.Errorf("the text %q is not there: %v", want, texts)
		}
	}
}

// read gives the edges and the texts of a picture, which is XML, and with a # the ids of its boxes.
func read(t *testing.T, svg []byte) (edges []string, texts map[string]bool) {
	t.Helper()
	texts = map[string]bool{}
	d := xml.NewDecoder(bytes.NewReader(svg))
	d.Strict = true
	in := ""
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return edges, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			in = tok.Name.Local
			attr := map[string]string{}
			for _, a := range tok.Attr {
				attr[a.Name.Local] = a.Value
			}
			if tok.Name.Local == "g" && attr["id"] != "" {
				texts["#"+attr["id"]] = true
			}
			if attr["class"] == "edge" {
				edges = append(edges, attr["data-from"]+"-"+attr["data-to"]+":"+strings.ReplaceAll(attr["data-argument"], " ", "|"))
			}
		case xml.EndElement:
			in = ""
		case xml.CharData:
			if in == "text" {
				texts[string(tok)] = true
			}
		}
	}
}

// TestText: nothing that a spec says can leave its place in the picture.
func TestText(t *testing.T) {
	const evil = "</text><script>&amp;\"'\x00\x1b\xff\u4e2d\u6587 ]]> -->"
	f := newFlow()
	f.add(evil, &spec.Instance{ID: "a", Task: "f", Name: evil, Partial: []spec.Entry{{Key: "s", Value: spec.Value{Kind: spec.String, Text: evil}}}})
	svg := Render(f.Workflow)
	_, texts := read(t, svg)
	if bytes.Contains(svg, []byte("<script>")) {
		t.Error("a text became an element")
	}
	if !texts["</text><script>&amp;\"'\ufffd\ufffd\ufffd\u4e2d\u6587 ]]> -->"] {
		t.Errorf("the group's title is not there: %v", texts)
	}
	if a, b := textW("ab", 1000), textW("\u4e2d\u6587", 1000); b != 2*a {
		t.Errorf("ideographs are %d wide, letters %d", b, a)
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	first := Render(large(60).Workflow)
	for range 5 {
		if !bytes.Equal(Render(large(60).Workflow), first) {
			t.Fatal("the picture is another the second time")
		}
	}
}

// TestDeep: a long chain of which each takes the first one's result has edges over all columns; they are drawn without lanes.
func TestDeep(t *testing.T) {
	f := newFlow()
	const n = 1000
	for i := range n {
		inst := &spec.Instance{ID: fmt.Sprintf("t%d", i), Task: "f"}
		for _, from := range []int{i - 1, 0, i / 2} {
			if i > from && from >= 0 {
				inst.Partial = append(inst.Partial, spec.Entry{Key: fmt.Sprintf("a%d", from), Value: ret(fmt.Sprintf("t%d", from))})
			}
		}
		f.add("", inst)
	}
	g := newGraph(f.Workflow)
	g.layout()
	if len(g.nodes) != n {
		t.Errorf("%d places for %d tasks", len(g.nodes), n)
	}
}
