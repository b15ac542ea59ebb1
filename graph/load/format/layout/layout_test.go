package layout

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/txtar"
)

// same compares with HCL's own formatter.
func same(t *testing.T, src string) {
	t.Helper()
	if got, want := string(Source([]byte(src))), string(hclwrite.Format([]byte(src))); got != want {
		t.Fatalf("source\n%q\ngot\n%q\nwant\n%q", src, got, want)
	}
}

// cases are sources and what becomes of them. Some results are odd: they are HCL's all the same.
var cases = map[string]struct{ in, want string }{
	"nothing":           {"", ""},
	"blanks at the end": {"a = 1  ", "a = 1  "},
	"spacing":           {"command \"a\"   {\nsrcs=[ \"x\",\"y\" ]\nscript  =  \"z\"\n}", "command \"a\" {\n  srcs   = [\"x\", \"y\"]\n  script = \"z\"\n}"},
	"tabs":              {"\ta\t=\t1\t\n", "a = 1\n"},
	"carriage returns":  {"a {\r\nb=1\r\n\r\nccc=2 # x\r\n}\r\n", "a {\r\n  b = 1\r\n\r\n  ccc = 2 # x\r\n}\r\n"},
	"byte order mark":   {"\ufeffa=1\nbb=2\n", "a  = 1\nbb = 2\n"},
	"blank lines":       {"a=1\n \n\n\nbb=2\n", "a = 1\n\n\n\nbb = 2\n"},

	"labels":          {"b\"x\"y{}\n", "b \"x\" y {}\n"},
	"block on a line": {"b { x=1 }\nm = 1\n", "b { x = 1 }\nm = 1\n"},
	"nested blocks":   {"a {\nb {\nc {\n}\n}\n}\n", "a {\n  b {\n    c {\n    }\n  }\n}\n"},

	"comments of their own": {"a {\n# x\n   // y\n/* z\n  z */\nb = 1\n}\n", "a {\n  # x\n  // y\n  /* z\n  z */\n  b = 1\n}\n"},
	"comments in a column":  {"a = 1 # x\nbbb = 22 // y\nc = [ # z\n1, # u\n]\n", "a   = 1  # x\nbbb = 22 // y\nc = [    # z\n  1,     # u\n]\n"},
	"comments in between":   {"a = /* x */ 1 /* y */\nb = f( /* x */ )\n", "a = /* x */ 1 /* y */\nb = f(/* x */)\n"},
	"comment of two lines":  {"a = 1 /* x\n  y */ # z\n/* é\n\n漢字 */ bb = 1 # x\n", "a              = 1 /* x\n  y */ # z\n/* é\n\n漢字 */ bb = 1             # x\n"},
	"comment at the end":    {"a = 1 /* x */", "a = 1 /* x */"},
	"comment breaks a run":  {"a = 1\n# x\nbbb = 2\n", "a = 1\n# x\nbbb = 2\n"},

	"equals signs":           {"a = 1\nbbb = 2\n\ncc = 1\ndddd = [\n]\neeeee = 1\n", "a   = 1\nbbb = 2\n\ncc = 1\ndddd = [\n]\neeeee = 1\n"},
	"wide characters":        {"é = \"é\" # x\n漢字 = \"e\u0301\" # y\naaa = 1 # z\n", "é   = \"é\" # x\n漢字  = \"e\u0301\" # y\naaa = 1   # z\n"},
	"equals sign of objects": {"{ x = 1 } = 2\n= 3\na = b = c\nbbb =\n", "{ x = 1 } = 2\n= 3\na   = b = c\nbbb =\n"},

	"object":          {"a = {b=1,\"c\"=2, (d):3,e => 4}\n", "a = { b = 1, \"c\" = 2, (d) : 3, e => 4 }\n"},
	"objects in list": {"e = [{\na = 1\n}, {\nbb = 2\n}]\n", "e = [{\n  a = 1\n  }, {\n  bb = 2\n}]\n"},
	"object over two": {"b = { x = 1 # c\nyyyy = 2 # d\n}\n", "b = { x = 1 # c\n  yyyy = 2  # d\n}\n"},
	"list":            {"a=[\n1,\n2,\n[\n3,\n],\n]\nb = [1,2,]\nc=[ ]\n", "a = [\n  1,\n  2,\n  [\n    3,\n  ],\n]\nb = [1, 2, ]\nc = []\n"},
	"brackets":        {"x = [[[\n1\n]]\n, (\n2)]\ny = 1\n", "x = [[[\n  1\n  ]]\n  , (\n2)]\ny = 1\n"},
	"too many closed": {"}\n)\na = [\n}\n]\n", "}\n)\na = [\n}\n]\n"},
	"calls":           {"a = f ( 1,g(x ...),\na :: b( ) )\n", "a = f(1, g(x...),\na::b())\n"},
	"traversals":      {"a = b . c [ 0 ] . *. d[ * ] .0.1 [\"x\"]\n", "a = b.c[0].*.d[*].0.1[\"x\"]\n"},
	"operators":       {"a = x+1-2*3/4%5==6&&b||!c!=d<=e>=f<g>h\n", "a = x + 1 - 2 * 3 / 4 % 5 == 6 && b || !c != d <= e >= f < g > h\n"},
	"minus":           {"a = - 1\nb = [- 1, - x]\nc = x ? - 1 : - 1\nd = - ( 1 ) * - x\ne = (x\n- 1)\nf = { a => - 1 }\n", "a = -1\nb = [-1, -x]\nc = x ? -1 : -1\nd = -(1) * -x\ne = (x\n-1)\nf = { a => - 1 }\n"},
	"conditional":     {"a = b?[c]:(d)\n", "a = b ? [c] : (d)\n"},
	"for":             {"a = [for x,y in z:x if(y)]\nb = {for x in [1] : x => x ...}\nc = [for x in (y) : -x]\nd = [for x\nin [1] : x]\ne = [in]\nf = (in)\n", "a = [for x, y in z : x if(y)]\nb = { for x in [1] : x => x... }\nc = [for x in(y) : -x]\nd = [for x\nin[1] : x]\ne = [in]\nf = (in)\n"},

	"templates":         {"a = \"${  x  } ${~ f( 1,2 ) ~}$${ %{ if  x }y%{ else }z%{ endif }\"\n", "a = \"${x} ${~f(1, 2)~}$${ %{if x}y%{else}z%{endif}\"\n"},
	"objects in these":  {"a = \"${ { b=1 } } ${{}} ${- 1} ${\"${x}\"}\"\n", "a = \"${ { b = 1 } } ${ {} } ${- 1} ${\"${x}\"}\"\n"},
	"template of lines": {"a = \"${\nx # c\n}\"\n", "a = \"${\n  x # c\n}\"\n"},

	"heredoc":            {"a {\nb=1\nccc=<<E\n  x  \n\n ${ y }\nE\ndd = <<-E\n    z\n    E\n}\n", "a {\n  b   = 1\n  ccc = <<E\n  x  \n\n ${y}\nE\n  dd  = <<-E\n    z\n    E\n}\n"},
	"heredoc in a call":  {"a = f(<<E\nx\nE\n, 2,\n3)\n", "a = f(<<E\nx\nE\n  , 2,\n3)\n"},
	"heredoc of lines":   {"a {\nb {\nc = <<E\n${\n1\n}\nE\nd = 1\n}\n}\n", "a {\n  b {\n    c = <<E\n${\n    1\n  }\nE\n  d = 1\n}\n}\n"},
	"heredoc in a list":  {"a = [\n{ b = 1 }, <<E\n${\n1\n}\nE\n,\n2\n]\n", "a = [\n  { b = 1 }, <<E\n${\n    1\n  }\nE\n  ,\n  2\n]\n"},
	"heredoc of heredoc": {"a = <<E\n${<<F\nx \nF\n}\n\nE\n", "a = <<E\n${<<F\nx \nF\n}\n\nE\n"},

	"not HCL":       {"a = = ] \"x\n\xff ; ' `b` @ ~ & | ^ **\n", ""},
	"not a heredoc": {"a = [<<E, 1\n]\n", "a = [< < E, 1\n]\n"},
	"not ended":     {"a = <<E\n${ \"x", ""},
}

func TestSource(t *testing.T) {
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			same(t, tt.in)
			if got := string(Source([]byte(tt.in))); tt.want != "" && got != tt.want {
				t.Errorf("source\n%q\ngot\n%q\nwant\n%q", tt.in, got, tt.want)
			}
		})
	}
}

var fence = regexp.MustCompile("(?ms)^```hcl\n(.*?)^```")

// TestRepository compares every HCL text of this repository, as it is and with its blanks changed.
func TestRepository(t *testing.T) {
	root := os.DirFS("../../../..")
	texts := map[string]string{}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "cairn-out") {
				return fs.SkipDir
			}
			return nil
		}
		switch ext := filepath.Ext(p); ext {
		case ".hcl", ".txtar", ".md":
			b, err := fs.ReadFile(root, p)
			if err != nil {
				return err
			}
			texts[p] = string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for p, text := range texts {
		var hcls []string
		switch path.Ext(p) {
		case ".hcl":
			hcls = []string{text}
		case ".txtar":
			for _, f := range txtar.Parse([]byte(text)).Files {
				if strings.HasSuffix(f.Name, ".hcl") {
					hcls = append(hcls, string(f.Data))
				}
			}
		case ".md":
			for _, m := range fence.FindAllStringSubmatch(text, -1) {
				hcls = append(hcls, m[1])
			}
		}
		kinds[path.Ext(p)] += len(hcls)
		for _, s := range hcls {
			same(t, s)
			same(t, regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(s, ""))
			same(t, strings.ReplaceAll(s, " ", "  "))
			same(t, strings.ReplaceAll(s, " = ", "="))
			same(t, strings.ReplaceAll(s, "\n", "\r\n"))
			same(t, strings.TrimRight(s, "\n"))
		}
	}
	if kinds[".hcl"] < 3 || kinds[".txtar"] < 100 || kinds[".md"] < 10 {
		t.Errorf("texts found: %v", kinds)
	}
}

// TestAnyOrder compares what tokens in any order give: where blanks go depends on up to three of them.
func TestAnyOrder(t *testing.T) {
	words := strings.Split("x y é 漢字 1 22 ( ) [ ] { } * / % + - - == != < > <= >= && || ! . , ... = = = => ? : :: /*c*/ \"s\" \"\" \"a${ } \"${ ${ ${~ ~} %{ \"%{ in for if else @ ~ \" "+
		"$${ () [] {} \xff \r \"a${x}\" \"%{ if x }y%{ endif }\"", " ")
	words = append(words, "\n", "\n", "\n", "\n", "\n", "\r\n", "# c\n", "// c\n", "/* a\n b */", "<<E\n", "\nE\n", "<<E\n  x\nE\n", "<<-E\n  ${x}\n  E\n", "\t")
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 0))
		var b strings.Builder
		for range 2 + r.IntN(20) {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteString(strings.Repeat(" ", r.IntN(3)))
		}
		same(t, b.String())
	}
}

// FuzzFormatEqualsHclwrite compares on any bytes.
func FuzzFormatEqualsHclwrite(f *testing.F) {
	for _, tt := range cases {
		f.Add([]byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, src []byte) { same(t, string(src)) })
}
