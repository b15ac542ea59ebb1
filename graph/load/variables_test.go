package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVariables(t *testing.T) {
	root := `
workspace "w" { requires = ">= 0.1, < 1" }
variable "a" {
  default     = "d"
  description = "The a."
}
variable "b" { default = env("B") }
variable "n" {
  type    = number
  default = 1
}
variable "l" {
  type    = list(string)
  default = ["x"]
}
variable "o" {
  type    = object({ name = string, size = optional(number, 3) })
  default = { name = "n" }
}
variable "s" {
  default   = "hush"
  sensitive = true
}
thing "t" {
  words = concat([var.a, var.b, "${var.n}"], var.l, ["${var.o.size}"])
}
`
	env := map[string]string{"CAIRN_VAR_a": "from env", "CAIRN_VAR_n": "7", "B": "b!", "CAIRN_VAR_s": "hushhush"}
	w := mustLoad(t, MapFS{"BUILD.hcl": root, "cairn.local.hcl": `vars = { a = "from local", l = ["y", "z"] }
tools = { gcc = "/opt/gcc" }`}, func(o *Options) {
		o.Vars = map[string]string{"a": "from flag"}
		o.Getenv = func(n string) (string, bool) { v, ok := env[n]; return v, ok }
	})
	if d := cmp.Diff([]string{"from flag", "b!", "7", "y", "z", "3"}, target(t, w, "//:t").Attrs["words"].Value); d != "" {
		t.Error(d)
	}
	if w.Local.Tools["gcc"] != "/opt/gcc" {
		t.Errorf("tools: %v", w.Local.Tools)
	}
	want := Var{Name: "a", Type: "any", Description: "The a.", Winner: Candidate{Origin: "--var", Value: "from flag"}, Losers: []Candidate{
		{Origin: "CAIRN_VAR_a", Value: "from env"}, {Origin: "cairn.local.hcl", Value: "from local"}, {Origin: "default", Value: "d"}}}
	if d := cmp.Diff(want, w.Vars[0], noRanges); d != "" {
		t.Error(d)
	}
	for _, v := range w.Vars {
		if v.Name == "s" && (v.Winner.Value != "" || v.Losers[0].Value != "" || v.Winner.Origin != "CAIRN_VAR_s") {
			t.Errorf("sensitive: %+v", v)
		}
	}
	var names []string
	for _, r := range w.Reads() {
		if r.Kind == Env {
			names = append(names, r.Path)
		}
	}
	if d := cmp.Diff([]string{"B", "CAIRN_VAR_a", "CAIRN_VAR_b", "CAIRN_VAR_l", "CAIRN_VAR_n", "CAIRN_VAR_o"}, names); d != "" {
		t.Errorf("a sensitive variable's environment is not recorded, the others' is\n%s", d)
	}
}
