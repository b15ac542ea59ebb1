package action

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

func specs() []*rule.Action {
	return []*rule.Action{
		{Mnemonic: "Command", Test: true, Exclusive: true, Local: true, Uncached: true, Resources: rule.Resources{Mem: 1 << 40, Slots: 3},
			Spawn: &rule.Spawn{Argv: []string{"a", ""}, Env: []rule.EnvVar{{Name: "A", Value: "b"}}, PassEnv: []string{"P"}, ClientEnv: []string{"C"}, HostTools: []string{"gcc"},
				Posix: true, Stdout: "o", DepFile: "d", Network: true, Timeout: time.Minute, Scratch: []rule.Scratch{{Name: "n", Env: "E", Shared: true}},
				Each: &rule.Each{Tree: rule.Artifact{Path: "t", Kind: rule.OutputTree}, Globs: []string{"**/*.c"}}}},
		{Mnemonic: "Write", Call: &rule.Call{Func: "write_file/1", Args: []byte{0, 1, 255}}},
		{Mnemonic: "Fetch", Fetch: &rule.Fetch{Fetcher: "http", Params: map[string]string{"a": "b", "c": ""}, SHA256: strings.Repeat("0", 64), Unpack: "tar.gz", Strip: 1, Executable: true}},
		{Mnemonic: "Checkout", Fetch: &rule.Fetch{Fetcher: "git", Params: map[string]string{"url": "u"}, GitTree: strings.Repeat("0", 40), EmptySubmodules: true,
			Pin: &rule.Pin{Params: map[string]string{"url": "u", "ref": "HEAD"}, Entry: map[string]string{"commit": "c"}, Follow: true}}},
		{Fetch: &rule.Fetch{Fetcher: "git", Pin: &rule.Pin{}}},
		{Fetch: &rule.Fetch{Fetcher: "git", Word: "describe", Submodules: true, Pin: &rule.Pin{Entry: map[string]string{"describe": ""}}}},
		{Spawn: &rule.Spawn{}},
		{Asks: &rule.Ask{Question: "q", File: "f"}, Spawn: &rule.Spawn{Network: true, Relay: "registry"}},
	}
}

func TestSpecRoundTrip(t *testing.T) {
	for _, a := range specs() {
		got, err := DecodeSpec(EncodeSpec(a))
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%+v came back as %+v, %v", a, got, err)
		}
	}
}

// TestSpecHoldsEveryField sets each field of an action in turn: one that the encoding forgets is a field that the snapshot
// loses without a word.
func TestSpecHoldsEveryField(t *testing.T) {
	for _, form := range []func() (*rule.Action, reflect.Value){
		func() (*rule.Action, reflect.Value) {
			a := &rule.Action{Spawn: &rule.Spawn{}}
			return a, reflect.ValueOf(a.Spawn).Elem()
		},
		func() (*rule.Action, reflect.Value) {
			a := &rule.Action{Call: &rule.Call{}}
			return a, reflect.ValueOf(a.Call).Elem()
		},
		func() (*rule.Action, reflect.Value) {
			a := &rule.Action{Fetch: &rule.Fetch{}}
			return a, reflect.ValueOf(a.Fetch).Elem()
		},
		func() (*rule.Action, reflect.Value) {
			a := &rule.Action{Fetch: &rule.Fetch{Pin: &rule.Pin{}}}
			return a, reflect.ValueOf(a.Fetch.Pin).Elem()
		},
		func() (*rule.Action, reflect.Value) {
			a := &rule.Action{Spawn: &rule.Spawn{Each: &rule.Each{Globs: []string{"*"}}}}
			return a, reflect.ValueOf(a.Spawn.Each).Elem()
		},
	} {
		_, v := form()
		for i := range v.NumField() {
			a, v := form()
			plain := string(EncodeSpec(a))
			fill(v.Field(i))
			if name := v.Type().Field(i).Name; string(EncodeSpec(a)) == plain {
				t.Errorf("%s.%s is not encoded", v.Type(), name)
			}
		}
	}
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(2)
	case reflect.Slice:
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e)
		v.Set(reflect.Append(v, e))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"k": "v"}))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	}
}

func FuzzDecodeSpec(f *testing.F) {
	for _, a := range specs() {
		f.Add(EncodeSpec(a))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := DecodeSpec(b); err == nil {
			again, err := DecodeSpec(EncodeSpec(a))
			if err != nil || !reflect.DeepEqual(a, again) {
				t.Fatalf("%+v reads as %+v, %v", a, again, err)
			}
		}
	})
}

func TestResultRoundTrip(t *testing.T) {
	r := &Result{Outputs: []OutputResult{{Path: "a", Digest: digest.Of([]byte("a")), Exec: true}, {Path: "b", Tree: true}}, Stdout: digest.Of([]byte("out")),
		Wall: time.Second, CPU: time.Minute, MaxRSS: 1 << 40, Isolation: "namespaces"}
	got, ok := DecodeResult(EncodeResult(r))
	if !ok || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v came back as %+v, %v", r, got, ok)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(EncodeResult(&Result{Outputs: []OutputResult{{Path: "a"}}}))
	f.Add(EncodeParts([]Part{{Name: "input a", Value: "x"}}))
	f.Add(encodeManifests([]manifest{{reads: []Read{{Path: "a"}}}}))
	f.Add(EncodeProgram(rule.Program{Argv: []string{"a"}, Data: []rule.Artifact{{Path: "p"}}}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		DecodeResult(b)
		DecodeParts(b)
		decodeManifests(b)
		DecodeProgram(b)
	})
}

func TestParseDepfile(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  []string
		wrong bool
	}{
		{"a.o: a.c b.h\n", []string{"a.c", "b.h"}, false},
		{"a.o: a.c \\\n  b.h \\\r\n c.h\n", []string{"a.c", "b.h", "c.h"}, false},
		{"a.o b.o: x\nb.h:\n", []string{"x"}, false},
		{`a.o: with\ space.h with\#hash a$$b`, []string{"with space.h", "with#hash", "a$b"}, false},
		{"a.o:a.c\n", nil, true},
		{"C:/x/a.o: C:/x/a.c\n", []string{"C:/x/a.c"}, false},
		{"# comment\na.o: a.c # not read\n", []string{"a.c"}, false},
		{"", nil, false},
		{"just words\n", nil, true},
		{"a.o:\n", nil, false},
	} {
		got, err := ParseDepfile([]byte(c.text))
		if (err != nil) != c.wrong || !slices.Equal(got, c.want) {
			t.Errorf("%q gives %q, %v; want %q, an error: %v", c.text, got, err, c.want, c.wrong)
		}
	}
}

func FuzzParseDepfile(f *testing.F) {
	f.Add([]byte("a.o: a.c \\\n b\\ c.h\nx:\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		names, _ := ParseDepfile(b)
		if slices.Contains(names, "") {
			t.Fatalf("an empty name in %q", b)
		}
	})
}

func TestReadSet(t *testing.T) {
	covers := func(p string) bool { return p == "a/b.h" || strings.HasPrefix(p, "tree/") }
	allowed := func(p string) bool { return strings.HasPrefix(p, "/usr/") }
	reads, undeclared := ReadSet([]string{"a/./b.h", "/w/tree/x", "/usr/include/stdio.h", "tree/../secret", "/home/x", "a/b.h", "/wrong/tree/x"}, "/w", covers, allowed)
	if !slices.Equal(reads, []string{"a/b.h", "tree/x"}) || !slices.Equal(undeclared, []string{"tree/../secret", "/home/x", "/wrong/tree/x"}) && !slices.Equal(undeclared, []string{"secret", "/home/x", "/wrong/tree/x"}) {
		t.Errorf("reads %q, undeclared %q", reads, undeclared)
	}
}

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"**/*.c", "a/b/x.c", true}, {"**/*.c", "x.c", true}, {"c/*/*.c", "c/dec/x.c", true}, {"c/*.c", "c/dec/x.c", false},
		{"**", "a/b", true}, {"a/**/b", "a/b", true}, {"a/**/b", "a/x/y/b", true}, {"a/**/b", "a/x/c", false}, {"[", "[", false},
	} {
		if MatchGlob(c.pattern, c.name) != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, !c.want)
		}
	}
}
