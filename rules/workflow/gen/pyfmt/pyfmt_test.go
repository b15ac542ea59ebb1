package pyfmt

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
)

// versions of ruff that leave what we print as it is: the one that the ecosystem's own compiler pins, and the newest.
var versions = []string{"0.16.6", "0.17.6"}

// TestRuffLeavesItAsItIs prints expressions and imports made at random, and lets the real formatter and linter look at them.
func TestRuffLeavesItAsItIs(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewSource(1))
	for i := range 60 {
		var b strings.Builder
		g := &maker{r: r}
		b.WriteString(Imports(g.imports()) + "\n")
		for range 25 {
			b.WriteString(Assign(0, g.name(), g.expr(4)))
		}
		b.WriteString("\n\ndef main(params):\n")
		for range 25 {
			b.WriteString(Assign(4, g.name(), g.chain()))
		}
		b.WriteString(Return(4, g.chain()))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("m%d.py", i)), []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range versions {
		ruff := ruletest.Ruff(t, v)
		for _, args := range [][]string{{"format", "--isolated", "--no-cache", "--diff"}, {"check", "--isolated", "--no-cache", "--select", "I", "--diff"}} {
			c := exec.Command(ruff, append(args, ".")...)
			c.Dir = dir
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("ruff %s %s: %v\n%.6000s", v, args[0], err, out)
			}
		}
	}
}

// maker makes things to print.
type maker struct{ r *rand.Rand }

func (m *maker) name() string {
	return string(rune('a'+m.r.Intn(26))) + strings.Repeat("abc_", m.r.Intn(8)) + fmt.Sprint(m.r.Intn(20))
}

func (m *maker) str() string {
	const letters = `abcdefghijk  ""''\ é日本🧪` + "\n\t\x7f\u00a0\u0301\u200b"
	rs := []rune(letters)
	n := m.r.Intn(12)
	if m.r.Intn(6) == 0 {
		n = m.r.Intn(100)
	}
	var b strings.Builder
	for range n {
		b.WriteRune(rs[m.r.Intn(len(rs))])
	}
	return b.String()
}

func (m *maker) expr(depth int) Expr {
	n := m.r.Intn(12)
	if depth == 0 {
		n = 5 + m.r.Intn(6)
	}
	some := func() (xs []Expr) {
		for range m.r.Intn(5) {
			xs = append(xs, m.expr(depth-1))
		}
		return xs
	}
	switch n {
	case 0, 1:
		return List(some()...)
	case 2:
		return Tuple(some()...)
	case 3, 4:
		var ps []Pair
		for i, x := range some() {
			ps = append(ps, Pair{fmt.Sprintf("%s%d", m.str(), i), x})
		}
		return Dict(ps...)
	case 5:
		return Index("os.environ", Str(m.name()))
	case 6:
		return Raw([]string{"None", "True", "-1", "1.5e-07", "12345678901234567890", "1e10"}[m.r.Intn(6)])
	case 7:
		return Raw(m.name())
	case 8, 9:
		return Str(m.str())
	}
	return Call(m.name(), m.args(depth)...)
}

func (m *maker) args(depth int) []Arg {
	var as []Arg
	for i := range m.r.Intn(5) {
		x := m.expr(max(depth-1, 0))
		if i == 0 && m.r.Intn(3) == 0 {
			as = append(as, Pos(x))
		} else {
			as = append(as, Key(fmt.Sprintf("k%d%s", i, m.name()), x))
		}
	}
	if m.r.Intn(3) == 0 {
		as = append(as, Rest(Or(Call("params.get", Pos(Str(m.name()))), Dict())))
	}
	return as
}

func (m *maker) chain() Expr {
	links := []Link{{Method: "validate"}, {Method: m.name(), Args: m.args(0)}}
	for range m.r.Intn(5) {
		l := Link{Method: m.name(), Args: m.args(3)}
		if m.r.Intn(8) == 0 {
			l.Note = Comment(m.str() + " x")
		}
		links = append(links, l)
	}
	return Chain(Call("task", Pos(Raw(m.name()))), links...)
}

func (m *maker) imports() []Import {
	is := []Import{{Module: "os"}, {Module: "typing", Name: "Any"}, {Module: "..", Name: "metadata", As: "_metadata"}, {Module: "wt_task", Name: "task"}}
	names := []string{"a", "b", "Cls", "CONST", "f_1", "f_10", "f_2", "_p", "Long_name_of_a_function", "another_long_name_of_a_function", "X"}
	mods := []string{"pkg", "pkg.tasks", "pkg.tasks._io", "Other.tasks", "pkg2", "pkg10", "_pkg", "zoo"}
	used := map[string]bool{}
	for range m.r.Intn(20) {
		i := Import{Module: mods[m.r.Intn(len(mods))], Name: names[m.r.Intn(len(names))]}
		if used[i.Module+i.Name] {
			continue
		}
		used[i.Module+i.Name] = true
		if m.r.Intn(4) == 0 {
			i.As = i.Name + "_1"
		}
		is = append(is, i)
	}
	m.r.Shuffle(len(is), func(a, b int) { is[a], is[b] = is[b], is[a] })
	return is
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"": `""`, "it's": `"it's"`, `say "x"`: `'say "x"'`, `'"`: `"'\""`, "a\\b": `"a\\b"`, "\x00\x1b\u00a0\u200b": `"\x00\x1b\xa0\u200b"`, "é日🧪": `"é日🧪"`,
		"\U000e0001": `"\U000e0001"`, "\xff": "\"\ufffd\"",
	} {
		if got := Quote(in); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}
