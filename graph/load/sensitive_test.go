package load

import (
	"context"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
)

// Nothing that a person sees holds a sensitive value, whatever is wrong.
func TestSensitiveIsNeverShown(t *testing.T) {
	const secret = "hunter2"
	for _, expr := range []string{
		`"${var.s}"`, `upper(var.s)`, `parseint(var.s, 10)`, `{ a = 1 }[var.s]`, `jsondecode(var.s)`, `file(var.s)`, `glob(var.s)`,
		`local.l`, `f(var.s)`, `[for x in [var.s] : parseint(x, 10)][0]`, `var.s ? "a" : "b"`, `var.s + 1`, `select(var.s, {})`, `try(parseint(var.s, 10))`,
		`regex(var.s, "a")`, `timeadd(var.s, "1h")`, `each.value`, `split("", var.s)[100]`,
	} {
		src := `workspace "w" {}
variable "s" { sensitive = true }
locals { l = "x${var.s}" }
function "f" {
  params = [x]
  result = parseint(x, 10)
}
thing "t" {
  for_each = { k = var.s }
  mode     = ` + expr + `
}
`
		o := testOptions(MapFS{"BUILD.hcl": src, "cairn.local.hcl": "vars = { s = \"" + secret + "\", other = \"" + secret + "\" }\n"})
		w, ds := Load(context.Background(), o)
		if len(ds) < 2 {
			t.Errorf("%s: expected problems, got %v", expr, ds)
		}
		for _, d := range ds {
			text := diag.Render(d, func(f string) []byte { b, _ := o.FS.ReadFile(f); return b }, false)
			if strings.Contains(strings.ToLower(text), secret) {
				t.Errorf("%s shows it:\n%s", expr, text)
			}
		}
		if len(w.Targets) > 0 {
			t.Errorf("%s: reached a target", expr)
		}
		for _, v := range w.Vars {
			if strings.Contains(v.Winner.Value, secret) {
				t.Error("Vars shows it")
			}
		}
	}
}
