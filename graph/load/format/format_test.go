package format

import (
	"bytes"
	"testing"

	"github.com/cairn-build/cairn/graph/load"
)

func TestSource(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"spacing":    {"command \"a\"   {\nsrcs=[ \"x\",\"y\" ]\n  script  =  \"z\"\n}", "command \"a\" {\n  srcs   = [\"x\", \"y\"]\n  script = \"z\"\n}\n"},
		"blank":      {"\n\n# c  \n\n\n\nlocals {}  \n\n\n", "# c\n\nlocals {}\n"},
		"bom crlf":   {"\ufeff# a\r\nlocals {\r\n  x = 1\r\n}\r\n", "# a\nlocals {\n  x = 1\n}\n"},
		"heredoc":    {"locals {\n  a = <<EOT\n  x  \n\n\n\ny\t\nEOT\n\n\n  b = 1\n}\n", "locals {\n  a = <<EOT\n  x  \n\n\n\ny\t\nEOT\n\n  b = 1\n}\n"},
		"empty":      {"", ""},
		"only blank": {"\n\n \n", ""},
		"comment":    {"/* a  \n\n\n b */\nlocals {}", "/* a\n\n b */\nlocals {}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ds := Source([]byte(tt.in), "f")
			if ds != nil || string(got) != tt.want {
				t.Errorf("%v\ngot\n%q\nwant\n%q", ds, got, tt.want)
			}
		})
	}
	if out, ds := Source([]byte("a = = 1"), "f"); out != nil || !ds.HasErrors() || ds[0].Code != "syntax" {
		t.Errorf("syntax error: %q %v", out, ds)
	}
}

// FuzzSource checks that formatting is idempotent, never fails on a file without syntax errors, and leaves no blanks at
// line ends outside heredocs.
func FuzzSource(f *testing.F) {
	for _, s := range []string{
		"command \"a\" {\nsrcs=[\n\"x\",\n]\n}", "a {\n  b = <<-E\n   x\r\n  E\n}\n", "locals {\n  x = { a=1,b=2 } # c\n  yy = \"${ x }\"\n}\n",
		"\ufeff\r\n//x\r\n", "a = \"%{ if x }y%{ else }z%{ endif }\"\n", "f \"x\" { y = foo(1,\n2) }", "/* a\r\n\r\n*/ b = 1", "x = [for a in b : a if a]\n", "a = <<E\n${<<F\nx \nF\n}\n\n\nE\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, ds := Source(src, "f")
		if ds.HasErrors() {
			if ds[0].Code == "internal" {
				t.Fatalf("%s: %q", ds.Error(), src)
			}
			return
		}
		again, ds := Source(out, "f")
		if ds.HasErrors() || !bytes.Equal(out, again) {
			t.Fatalf("not idempotent: %q -> %q -> %q %v", src, out, again, ds)
		}
		if ds := load.CheckSyntax(out, "f"); ds.HasErrors() {
			t.Fatalf("no longer parses: %q -> %q", src, out)
		}
	})
}
