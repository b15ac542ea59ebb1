package base

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dbd"
	"github.com/cairn-build/cairn/rules/ruletest"
)

func TestBaseOfPackages(t *testing.T) {
	decl, problems := ruletest.Declare(t, Kind, ruletest.World{}, ruletest.Case{Label: "//epics:base"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var b ioc.Base
	for _, p := range decl.Providers {
		if x, ok := p.(ioc.Base); ok {
			b = x
		}
	}
	if b.Version != appimageWheel.version || b.Arch != "linux-x86_64" || b.Require == nil || b.Program("msi") != "cairn-out/epics/base/runtime/bin/linux-x86_64/msi" {
		t.Errorf("%+v", b)
	}
	fetched := 0
	for _, a := range decl.Actions {
		if a.Fetch != nil {
			fetched++
			if len(a.Fetch.SHA256) != 64 || a.Fetch.Params["index"] != "pypi" {
				t.Errorf("%+v", a.Fetch)
			}
		}
	}
	if fetched != 2 {
		t.Errorf("%d packages are fetched", fetched)
	}
}

func TestBaseThatCannotBe(t *testing.T) {
	w := ruletest.World{Targets: map[string][]rule.Dep{"//pkg:file": {{Files: []rule.Artifact{{Path: "x.whl", Kind: rule.OutputFile}}}}}}
	for _, c := range []struct {
		name     string
		attrs    map[string]any
		platform rule.Platform
		want     string
	}{
		{"for another system", nil, rule.Platform{OS: "darwin", Arch: "arm64"}, `path = "/opt/epics/base-7.0.8"`},
		{"a wheel that is not unpacked", map[string]any{"appimage": "//pkg:file"}, rule.Platform{}, "appimage must be one unpacked wheel"},
		{"a path and a package", map[string]any{"path": "/opt/base", "appimage": "//pkg:file"}, rule.Platform{}, "say different things"},
		{"an architecture alone", map[string]any{"arch": "linux-x86_64"}, rule.Platform{}, "arch goes with path"},
		{"an architecture that is a path", map[string]any{"path": "/opt/base", "arch": "../x"}, rule.Platform{}, "Bad architecture"},
		{"a path that is not absolute", map[string]any{"path": "base"}, rule.Platform{}, "must be absolute"},
		{"the machine", map[string]any{"path": "/"}, rule.Platform{}, "cannot be empty"},
		{"no short path", map[string]any{"path": "/opt/../base"}, rule.Platform{}, "shortest form"},
		{"a path with colons", map[string]any{"path": "/opt::base"}, rule.Platform{}, "cannot hold"},
	} {
		got := ruletest.Analyze(t, Kind, w, ruletest.Case{Name: c.name, Attrs: c.attrs, Platform: c.platform})
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
		}
	}
}

const runtimeDbd = `menu(menuScan) { choice(menuScanPassive, "Passive") }
menu(newMenu) { choice(newMenu_A, "A") }
menu(calcOPT) { choice(calcOPT_A, "A") }
recordtype(calc) {
	%#include "epicsTypes.h"
	field(NAME, DBF_STRING) { size(61) }
	field(VAL, DBF_DOUBLE) { }
	field(CALC, DBF_STRING) { size(80) }
}
recordtype(new) {
	field(NAME, DBF_STRING) { size(61) }
	field(VAL, DBF_LONG) { }
}
`

func TestRecordsAreThoseOfTheRuntime(t *testing.T) {
	files := map[string][]byte{
		"dbCommon.dbd":   []byte("field(NAME, DBF_STRING) { size(61) }\n"),
		"menuScan.dbd":   []byte("menu(menuScan) { choice(menuScanOther, \"Other\") }\n"),
		"calcRecord.dbd": []byte("menu(calcOPT) { choice(calcOPT_A, \"A\") }\nmenu(calcGone) { choice(calcGone_A, \"A\") }\nrecordtype(calc) { include \"dbCommon.dbd\"\nfield(CALC, DBF_STRING) { size(160) } }\n"),
		"goneRecord.dbd": []byte("recordtype(gone) { include \"dbCommon.dbd\" }\n"),
		"base.dbd":       []byte("include \"menuScan.dbd\"\ninclude \"calcRecord.dbd\"\n"),
	}
	dbds, headers, dropped, err := recordFiles([]byte(runtimeDbd), files)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(dropped, " ") != "goneRecord.dbd" {
		t.Errorf("dropped %q", dropped)
	}
	for _, want := range []struct{ file, text string }{
		{"calcRecord.h", "calc[80];"}, {"calcRecord.h", "} calcOPT;"}, {"menuScan.h", "menuScanPassive"}, {"newRecord.h", "} newRecord;"}, {"newMenu.h", "newMenu_A"},
	} {
		if !bytes.Contains(headers[want.file], []byte(want.text)) {
			t.Errorf("%s has no %q:\n%s", want.file, want.text, headers[want.file])
		}
	}
	if len(headers) != 4 || headers["base.h"] != nil || bytes.Contains(headers["calcRecord.h"], []byte("calcGone")) {
		t.Errorf("%d headers", len(headers))
	}
	// What comes out is what went in: together the files are the runtime's.
	var all []*dbd.File
	for name, text := range dbds {
		f, ds := dbd.Parse(name, text)
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		all = append(all, f)
	}
	again, ds := dbd.Expand(all, dbd.Options{})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	was, err := expandDbd("runtime.dbd", []byte(runtimeDbd), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := dbd.Write(again), dbd.Write(was); !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	files["dbCommon.dbd"] = []byte("field(NAME, DBF_STRING) { size(41) }\n")
	if _, _, _, err := recordFiles([]byte(runtimeDbd), files); err == nil || !strings.Contains(err.Error(), "do not go together") {
		t.Errorf("other common fields: %v", err)
	}
}

func TestVersionsOfBases(t *testing.T) {
	h, err := versionHeader("7.0.8.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want string }{
		{headerVersion(h), "7.0.8.1"},
		{headerVersion([]byte("#define EPICS_VERSION 3\n# define EPICS_REVISION (15)\n#define EPICS_MODIFICATION 9\n#define EPICS_PATCH_LEVEL 0\n")), "3.15.9"},
		{headerVersion([]byte("#define EPICS_VERSION 3\n")), ""},
		{configVersion([]byte("# EPICS_VERSION = 9\nEPICS_VERSION = 7\nEPICS_REVISION = 0\nEPICS_MODIFICATION = 8\n\n# comment\nEPICS_PATCH_LEVEL = 2\n")), "7.0.8.2"},
		{libraryVersion([]byte("\x00x\x00EPICS R7.0.8.1\x00y")), "7.0.8.1"},
		{libraryVersion([]byte("EPICS 7.1")), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	for _, bad := range []string{"", "7.0", "7.0.8.1.2", "7.0.x"} {
		if _, err := versionHeader(bad); err == nil {
			t.Errorf("%q is a version", bad)
		}
	}
}

func TestHeadersOfSystemsLieBesideTheOthers(t *testing.T) {
	a := hostBaseArgs{OSClass: "Linux", Cmplr: "gcc"}
	for in, want := range map[string]string{"alarm.h": "alarm.h", "pv/pvData.h": "pv/pvData.h", "os/Linux/osdSock.h": "osdSock.h", "os/Linux/sub/x.h": "sub/x.h",
		"os/Darwin/osdSock.h": "", "compiler/gcc/compilerSpecific.h": "compilerSpecific.h", "compiler/clang/compilerSpecific.h": "", "ossify.h": "ossify.h"} {
		if got := a.header(in); got != want {
			t.Errorf("%s lies at %q, want %q", in, got, want)
		}
	}
}

func TestBesideIn(t *testing.T) {
	for _, c := range []struct {
		old, now string
		ok       bool
	}{
		{"/opt/base/lib/linux-x86_64", "$ORIGIN/../lib", true},
		{"/opt/base/lib/linux-x86_64/:/usr/lib", "$ORIGIN/../lib:/usr/lib", true},
		{"/a/lib/linux-x86_64:/b/lib/linux-x86_64", "$ORIGIN/../lib", true},
		{"$ORIGIN/../../lib/linux-x86_64", "$ORIGIN/../../lib/linux-x86_64", false},
		{"/usr/lib", "/usr/lib", false},
	} {
		if now, ok := besideIn(c.old, "/lib/linux-x86_64", "$ORIGIN/../lib"); now != c.now || ok != c.ok {
			t.Errorf("%s: %q %v", c.old, now, ok)
		}
	}
	for _, b := range [][]byte{nil, []byte("#!/bin/sh\n"), []byte("\x7fELF")} {
		if relocate(b, "/lib/linux-x86_64", "$ORIGIN") {
			t.Errorf("%q is changed", b)
		}
	}
}
