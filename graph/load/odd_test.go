package load

import (
	"context"
	"strings"
	"testing"
)

// Text that is broken, huge or hostile gives problems, in time.
func TestOddFiles(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	deep := strings.Repeat("(", 100000)
	for name, tt := range map[string]struct{ src, code string }{
		"bom":        {"\ufeffthing \"t\" {}\n", ""},
		"crlf":       {"thing \"t\" {\r\n  words = [\r\n    \"a\",\r\n  ]\r\n}\r\n", ""},
		"long line":  {"thing \"t\" { words = [\"" + long + "\"] }\n", ""},
		"empty":      {"", ""},
		"nul":        {"thing \"t\" {}\x00", "syntax"},
		"not utf-8":  {"# \xff\n", "syntax"},
		"deep":       {"locals { a = " + deep + " }", "syntax"},
		"deep nots":  {"locals { a = " + strings.Repeat("!", 1<<17) + "true }", "syntax"},
		"deep plus":  {"locals { a = 1" + strings.Repeat("+1", 1<<16) + " }", "syntax"},
		"deep if":    {"locals { a = \"" + strings.Repeat("%{ if true }", 1<<13) + "\" }", "syntax"},
		"exponent":   {"locals { a = \"${1e999999999}\" }", "syntax"},
		"many":       {"locals { a = [" + strings.Repeat("1+1,", 10000) + "] }", ""},
		"no newline": {"thing \"t\" {}", ""},
		"laughs": {func() string {
			s := "locals {\n a0 = \"lol\"\n"
			for i := '1'; i <= '9'; i++ {
				s += " a" + string(i) + " = \"" + strings.Repeat("${local.a"+string(i-1)+"}", 10) + "\"\n"
			}
			return s + "}"
		}(), "too-large"},
		"lists": {func() string {
			s := "locals {\n a0 = [1]\n"
			for i := '1'; i <= '9'; i++ {
				s += " a" + string(i) + " = [" + strings.Repeat("local.a"+string(i-1)+",", 10) + "]\n"
			}
			return s + "}"
		}(), "too-large"},
		"calls": {func() string {
			s := "function \"f0\" {\n params = []\n result = 1\n}\n"
			for i := 'b'; i <= 'z'; i++ {
				prev := string(i - 1)
				if i == 'b' {
					prev = "0"
				}
				s += "function \"f" + string(i) + "\" {\n params = []\n result = f" + prev + "() + f" + prev + "()\n}\n"
			}
			return s + "locals { a = fz() }"
		}(), "too-much-work"},
		"squares":    {"locals {\n a = 1e999 * 1e999\n}", "too-large"},
		"width":      {"locals { a = format(\"%099999999d\", 1) }", "bad-call"},
		"product":    {"locals { a = setproduct(range(1000), range(1000), range(1000)) }", "bad-call"},
		"yaml bomb":  {"locals { a = yamldecode(<<E\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\nE\n) }", "bad-call"},
		"json depth": {"locals { a = jsondecode(join(\"\", [for i in range(1024) : \"[[[[[[[[[[[[\"])) }", "bad-call"},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions(MapFS{"BUILD.hcl": "workspace \"w\" {}\n", "p/BUILD.hcl": tt.src})
			o.steps = 100000
			_, ds := Load(context.Background(), o)
			switch {
			case tt.code == "" && len(ds) > 0:
				t.Errorf("problems: %s", ds.Error())
			case tt.code != "" && (len(ds) == 0 || ds[0].Code != tt.code):
				t.Errorf("want %s, got %v", tt.code, ds)
			}
		})
	}
}
