package startup

import (
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
)

func TestScript(t *testing.T) {
	s := Start{IOC: "LAB:one", Top: "/srv/my iocs", Debug: true,
		Modules:   []Module{{"asyn", "4.42.0"}, {"stream", ""}},
		File:      "/srv/st.cmd",
		Commands:  []string{`epicsEnvSet("A", "b")`, "dbl"},
		Databases: []Database{ParseDatabase("x.db, P=a,R=b"), ParseDatabase("y.substitutions")},
	}
	want := `epicsEnvSet "REQUIRE_IOC" "LAB:one"
epicsEnvSet "IOCSH_TOP" "/srv/my iocs"
epicsEnvSet "IOCSH_PS1" "LAB:one > "
errlogInit2 2048 2047
dlload "$(E3_REQUIRE_LIB)/$(EPICS_HOST_ARCH)/librequire.so"
dbLoadDatabase "$(E3_REQUIRE_DBD)/require.dbd"
require_registerRecordDeviceDriver
var requireDebug 1
require "asyn" "4.42.0"
require "stream"
iocshLoad "/srv/st.cmd"
epicsEnvSet("A", "b")
dbl
dbLoadRecords "x.db" "P=a,R=b"
dbLoadTemplate "y.substitutions"
iocInit
`
	if got := string(s.Script()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.NoInit = true
	if strings.Contains(string(s.Script()), "iocInit") {
		t.Error("iocInit was asked not to be called")
	}
	if r, _ := Read("x", s.Script(), Options{}); len(r.Requires) != 2 || r.Requires[0].Version != "4.42.0" {
		t.Errorf("it reads as %+v", r.Requires)
	}
}

func TestQuoteIsReadBack(t *testing.T) {
	for _, w := range []string{"", "a b", `a"b`, `a\b`, `a\`, `\\a\"`, `A="x,y",B='z'`, `"`, "a,b(c)", "'"} {
		words, ok := split(quote(w))
		if !ok || len(words) != 1 || words[0].text != w {
			t.Errorf("%q is read as %v", w, words)
		}
	}
}

func TestRecords(t *testing.T) {
	if p := Records("A", ""); p.Modules != "A:Modules" || p.Version("asyn") != "A:asynVersion" || p.Loaded != "A:LoadedModules" {
		t.Errorf("%+v", p)
	}
	if p := Records("A", "3.4"); p.Modules != "A:MODULES" || p.Version("asyn") != "A:asyn_VER" || p.Loaded != "" {
		t.Errorf("%+v", p)
	}
	long := Records(strings.Repeat("x", 40), "").Version(strings.Repeat("m", 40))
	if want := strings.Repeat("x", 30) + ":" + strings.Repeat("m", 24) + "Version"; long != want {
		t.Errorf("%s", long)
	}
}

func TestInName(t *testing.T) {
	in := "j. smith-$(A)é"
	out := InName(in)
	if want := "j__smith-__A__"; out != want {
		t.Errorf("%q, want %q", out, want)
	}
	if ds := CheckName(out, diag.Range{}); len(ds) > 0 {
		t.Errorf("%v", ds)
	}
}

func TestLimits(t *testing.T) {
	at := diag.Range{File: "BUILD.hcl"}
	codes := func(ds diag.List) int { return len(ds) }
	name := func(n int) string { return strings.Repeat("n", n) }
	for _, tt := range []struct {
		ioc string
		m   Module
		n   int
	}{
		{"A", Module{name(24), name(39)}, 0},
		{"A", Module{name(25), "1.0.0"}, 1},
		{"A", Module{"m", name(40)}, 1},
		{name(30), Module{name(22), "1.0.0"}, 0},
		{name(30), Module{name(23), "1.0.0"}, 1}, // 30 + 1 + 23 + 7
	} {
		if got := codes(CheckLimits(tt.ioc, "", []Module{tt.m}, func(Module) diag.Range { return at })); got != tt.n {
			t.Errorf("%+v: %d problems, not %d", tt, got, tt.n)
		}
	}
	for ioc, bad := range map[string]bool{"": true, "LAB:one-2": false, name(30): false, name(31): true, "a b": true, "a$b": true, "é": true, "a.b": true} {
		if (len(CheckName(ioc, at)) > 0) != bad {
			t.Errorf("%q", ioc)
		}
	}
}

func TestEnviron(t *testing.T) {
	vars := Environ(Place{Base: "/b", Arch: "linux-x86_64", Require: "/r/require/5.1.0", Version: "5.1.0", Pools: []string{"/p", "/q"}})
	got := map[string]string{}
	for i, v := range vars {
		got[v.Name] = v.Value
		if i > 0 && vars[i-1].Name >= v.Name {
			t.Errorf("%s after %s", v.Name, vars[i-1].Name)
		}
	}
	if got["EPICS_DRIVER_PATH"] != "/p:/q" || got["E3_SITEMODS_PATH"] != "/p" || got["E3_REQUIRE_LIB"] != "/r/require/5.1.0/lib" {
		t.Errorf("%v", got)
	}
	if _, ok := got["E3_CMD_TOP"]; ok {
		t.Error("E3_CMD_TOP is set without a startup script")
	}
}

func TestCopyNames(t *testing.T) {
	name := CopyNames("start.cmd")
	for _, c := range [][2]string{{"a/st.cmd", "st.cmd"}, {"b/st.cmd", "2_st.cmd"}, {"c/st.cmd", "3_st.cmd"}, {"a/st.cmd", "st.cmd"}, {"x/2_st.cmd", "2_2_st.cmd"}, {"start.cmd", "2_start.cmd"}} {
		if got := name(c[0]); got != c[1] {
			t.Errorf("%s is copied as %s, not %s", c[0], got, c[1])
		}
	}
}
