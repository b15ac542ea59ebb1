package dep

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
)

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, entries, problems string }{
		{"as written", "# Generated file. Do not edit.\nasyn 4.42.0+0\nstream 2.8.10\n", "2:asyn 4.42.0+0|3:stream 2.8.10", ""},
		{"blanks", "\n  asyn\t \t4.42.0  \r\n\n   # said so\ncalc\n", "2:asyn 4.42.0|5:calc", ""},
		{"no newline at the end", "asyn 1.0.0", "1:asyn 1.0.0", ""},
		{"nothing", "", "", ""},
		{"junk of a real build", "tmp lab\nusr lib\n", "1:tmp lab|2:usr lib", ""},
		{"three words", "asyn 1.0.0 2.0.0\n", "1:asyn 1.0.0", `m.dep:1: warning a line of a .dep file has more than a module and a version`},
		{"too long", "averyveryverylongmodulename 10.20.30+12345\n", "1:averyveryverylongmodulename 10.20.30+12345", "m.dep:1: warning a line of a .dep file is too long"},
		{"just not too long", strings.Repeat("a", 20) + " " + strings.Repeat("1", 17) + "\n", "1:aaaaaaaaaaaaaaaaaaaa 11111111111111111", ""},
		{"bytes of no text", "asyn 1.0.0\n\xff\xfe\x00\ncalc 1.0.0\n", "1:asyn 1.0.0|3:calc 1.0.0", "m.dep:2: error the .dep file is damaged"},
		{"a hole", "asyn 1.0.0\n\x00\x00\x00\x00", "1:asyn 1.0.0", "m.dep:2: error the .dep file is damaged"},
		{"a path", "asyn 1.0.0\n../x 1\n", "1:asyn 1.0.0", "m.dep:2: error the .dep file is damaged"},
	} {
		f, problems := Read("m.dep", []byte(c.in))
		var got []string
		for _, e := range f.Entries {
			got = append(got, string(rune('0'+e.Line))+":"+e.String())
			if f.Range(e).String() != "m.dep:"+string(rune('0'+e.Line)) {
				t.Errorf("%s: %v lies at %s", c.name, e, f.Range(e))
			}
		}
		if text := strings.Join(got, "|"); text != c.entries {
			t.Errorf("%s: read %q, want %q", c.name, text, c.entries)
		}
		if text := said(problems); text != c.problems {
			t.Errorf("%s: said %q, want %q", c.name, text, c.problems)
		}
	}
}

func said(l diag.List) string {
	var out []string
	for _, d := range l {
		word := "error "
		if d.Warning {
			word = "warning "
		}
		place := ""
		if !d.Range.IsZero() {
			place = d.Range.String() + ": "
		}
		out = append(out, place+word+d.Summary)
	}
	return strings.Join(out, "|")
}

func TestWrite(t *testing.T) {
	b, problems := Write([]Entry{{Module: "stream", Version: "2.8.10"}, {Module: "asyn", Version: "4.42.0+0"}, {Module: "calc"}, {Module: "asyn", Version: "4.42.0+0", Line: 7}})
	want := "# Generated file. Do not edit.\nasyn 4.42.0+0\ncalc\nstream 2.8.10\n"
	if string(b) != want || problems != nil {
		t.Errorf("wrote %q, %v", b, problems)
	}
	if b, _ := Write(nil); string(b) != Header+"\n" {
		t.Errorf("wrote %q for nothing", b)
	}
	for _, c := range []struct {
		name string
		in   []Entry
		want string
	}{
		{"39 characters", []Entry{{Module: "abcdefghijklmnopqrst", Version: "1.0.0+123456789012"}}, "error a module's name and version are too long together: abcdefghijklmnopqrst 1.0.0+123456789012"},
		{"two versions", []Entry{{Module: "a", Version: "1.0.0"}, {Module: "a", Version: "1.0.0+1"}}, "error module a is wanted twice"},
		{"no name", []Entry{{Version: "1.0.0"}}, "error a module needs a name"},
		{"a name with a dash", []Entry{{Module: "a-b"}}, `error "a-b" cannot be the name of a module`},
		{"a blank in the version", []Entry{{Module: "a", Version: "1 2"}}, `error version "1 2" of module a has a blank in it`},
		{"25 characters", []Entry{{Module: strings.Repeat("m", 25)}}, "error the module's name mmmmmmmmmmmmmmmmmmmmmmmmm is too long"},
	} {
		if b, problems := Write(c.in); b != nil || said(problems) != c.want {
			t.Errorf("%s: wrote %q and said %q, want %q", c.name, b, said(problems), c.want)
		}
	}
	if b, problems := Write([]Entry{{Module: "abcdefghijklmnopqrst", Version: "1.0.0+12345678901"}}); b == nil {
		t.Errorf("38 characters: %v", problems)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		l    diag.List
		bad  bool
	}{
		{"module 24", CheckModule(strings.Repeat("m", 24)), false},
		{"module 25", CheckModule(strings.Repeat("m", 25)), true},
		{"digit first", CheckModule("3d"), true},
	} {
		if c.l.HasErrors() != c.bad {
			t.Errorf("%s: %v", c.name, c.l)
		}
	}
	l := CheckEntry("averyveryverylongmodule", "10.20.30+12345678901234567890123456789012")
	if len(l) != 2 || !strings.Contains(l[0].Detail, `"averyveryverylongmodule 10.20.30+12345"`) {
		t.Errorf("it does not say what would be looked for: %v", l)
	}
}

// FuzzRead: what is read is what a plain loop over the lines would read, and what can be written again is read as the same.
func FuzzRead(f *testing.F) {
	for _, s := range []string{Header + "\nasyn 4.42.0+0\n", "a\n\n#b\nc 1 2\n", "\x00", "a/b 1\n", "averyveryverylongmodulename 10.20.30+12345\n", "a 1.0.0\na 1.0.0+1\n", "\r\n\ta\v1\f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := Read("x.dep", data)
		lines := bytes.Split(data, []byte("\n"))
		for _, e := range file.Entries {
			words := strings.Fields(string(lines[e.Line-1]))
			if len(words) == 0 || words[0] != e.Module || strings.HasPrefix(e.Module, "#") || len(words) > 1 && words[1] != e.Version {
				t.Fatalf("line %d of %q is read as %v", e.Line, data, e)
			}
		}
		for _, d := range problems {
			if d.Range.Start.Line < 1 || d.Range.Start.Line > len(lines) {
				t.Fatalf("%v lies outside of the file", d)
			}
		}
		full := 0
		for _, line := range lines {
			if words := strings.Fields(string(line)); len(words) > 0 && words[0][0] != '#' {
				full++
			}
		}
		if !problems.HasErrors() && full != len(file.Entries) {
			t.Fatalf("%q: %d lines count, %d entries and no problem", data, full, len(file.Entries))
		}
		b, bad := Write(file.Entries)
		if bad.HasErrors() {
			return
		}
		again, problems := Read("x.dep", b)
		if problems != nil {
			t.Fatalf("%q is written and cannot be read: %v", b, problems)
		}
		if c, _ := Write(again.Entries); !bytes.Equal(b, c) {
			t.Fatalf("%q is read and written as %q", b, c)
		}
	})
}

// What is no .dep file at all is named once or a few times, however large it is.
func TestReadBounds(t *testing.T) {
	if f, ds := Read("huge.dep", bytes.Repeat([]byte("asyn 1.0.0\n"), 1<<20)); len(f.Entries) != 0 || len(ds) != 1 || !ds.HasErrors() {
		t.Errorf("%d entries, %v", len(f.Entries), ds)
	}
	if f, ds := Read("bad.dep", bytes.Repeat([]byte("\x01\n"), 1000)); len(f.Entries) != 0 || len(ds) != mostProblems {
		t.Errorf("%d entries, %d problems", len(f.Entries), len(ds))
	}
}
