package load

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// FuzzLoad gives any text as a BUILD file to Load. It must not panic and must end; problems have a code, a summary and
// a place, and can be rendered; what is loaded without problems is text that keys can take.
func FuzzLoad(f *testing.F) {
	cases, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		b, err := os.ReadFile(c)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(b).Files {
			if filepath.Base(file.Name) == BuildFile {
				f.Add(string(file.Data))
			}
		}
	}
	for _, s := range []string{
		"variable \"a\" {\n  type = object({ a = optional(string, \"x\"), b = list(any) })\n  default = {}\n}\nlocals { x = var.a.b[*].c }",
		"locals {\n  a = [for k, v in { a = 1, b = 2 } : \"${k}=${v}\" if v > 1]\n  b = { for s in [\"x\", \"y\"] : s => upper(s)... }\n}",
		"thing \"t\" {\n  for_each = toset([\"a\", \"b\"])\n  words = [<<-EOT\n    x ${each.key}\n    %{ for i in range(3) ~}\n    ${i}\n    %{ endfor ~}\n  EOT\n  ]\n}",
		"function \"f\" {\n  params = [a, b]\n  variadic_param = c\n  result = try(c[0], a, b)\n}\nlocals { x = f(1, 2, 3) }",
		"command \"c\" {\n  argv = concat([tool(\"x\")], in.srcs, [for o in out : o])\n  env = { A = in.data[0] }\n}",
		"locals { a = yamldecode(\"a: &x [1, 2.5, ~, yes]\\nb: *x\\n<<: {c: d}\\n\") }",
		"locals { a = jsondecode(\"[1e5, null, {\\\"a\\\": true}]\") }\npackage { visibility = [\"//...\"] }",
		"locals { a = regexall(\"(a)(?P<n>b)\", \"ab\") }",
		"locals { a = format(\"%5.2f %v %q\", 1, [1], \"x\") }",
		"locals { a = select(\"x\", { default = formatdate(\"YYYY\", \"2020-01-01T00:00:00Z\") }) }",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		fs := MapFS{"BUILD.hcl": "workspace \"w\" {}\n" + src, "p/BUILD.hcl": src, "p/a.txt": "x", "p/sub/b.c": "", "cairn.local.hcl": src, "BUILD.lock.hcl": src}
		o := testOptions(fs)
		o.steps = 10000
		w, ds := Load(context.Background(), o)
		for _, d := range ds {
			if d.Code == "" || d.Summary == "" || !utf8.ValidString(d.Error()) {
				t.Errorf("a problem without words: %+v", d)
			}
			if d.Code == "internal" {
				t.Errorf("%s", d.Error())
			}
			diag.Render(d, func(f string) []byte { return []byte(fs[f]) }, true)
		}
		scope := rule.Scope{In: map[string][]string{"srcs": {"a"}}, Out: []string{"o"}, Tool: func(n string) (string, error) { return rule.HostTool(n), nil }}
		for _, x := range w.Targets {
			for _, v := range x.Attrs {
				if v.Late != nil {
					v.Late(scope)
				} else if s, ok := v.Value.(string); ok && badText(s) != "" {
					t.Errorf("%s holds %q", x.Label, s)
				}
			}
			w.For(x.Label, darwin)
		}
	})
}
