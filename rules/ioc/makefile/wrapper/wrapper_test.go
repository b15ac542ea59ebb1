package wrapper

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/graph/load/format"
)

var update = flag.Bool("update", false, "write what is drafted into testdata")

// TestDrafts compares drafts with what testdata says: each archive is a wrapper, with want.hcl and what is said of it behind.
func TestDrafts(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 5 {
		t.Fatal(err, archives)
	}
	for _, f := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			files, want := fstest.MapFS{}, map[string]string{}
			var kept []txtar.File
			for _, x := range a.Files {
				if strings.HasPrefix(x.Name, "want.") {
					want[x.Name] = string(x.Data)
					continue
				}
				files[x.Name] = &fstest.MapFile{Data: x.Data}
				kept = append(kept, x)
			}
			w, ok := Read(Options{Files: files, Platforms: []string{"linux-x86_64", "linux-aarch64"}})
			if !ok {
				t.Fatalf("it is no wrapper: %v", w.Missed)
			}
			var missed, remarks strings.Builder
			for _, n := range w.Missed {
				fmt.Fprintln(&missed, NoteText(n))
			}
			for _, n := range w.Remarks {
				fmt.Fprintln(&remarks, NoteText(n))
			}
			got := map[string]string{"want.hcl": w.Draft(DraftOptions{}), "want.labels.hcl": w.Draft(DraftOptions{Labels: true, Modules: "modules", Base: "//epics:base"}),
				"want.missed": missed.String(), "want.remarks": remarks.String()}
			for n, g := range got {
				if g != want[n] {
					t.Errorf("%s: got\n%s\nwanted\n%s", n, g, want[n])
				}
			}
			if *update {
				a.Files = kept
				for _, n := range []string{"want.hcl", "want.labels.hcl", "want.missed", "want.remarks"} {
					a.Files = append(a.Files, txtar.File{Name: n, Data: []byte(got[n])})
				}
				if err := os.WriteFile(f, bytes.TrimRight(txtar.Format(a), "\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// FuzzDraft: whatever a wrapper says, its draft is a BUILD.hcl.
func FuzzDraft(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archives {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var config, mk string
		for _, x := range a.Files {
			switch {
			case x.Name == "configure/CONFIG_MODULE":
				config = string(x.Data)
			case strings.HasSuffix(x.Name, ".Makefile"):
				mk = string(x.Data)
			}
		}
		f.Add(config, mk, "[submodule \"m\"]\n path = m\n url = https://h/m.git\n")
	}
	f.Add("E3_MODULE_NAME := a${b}\"\\\nE3_MODULE_VERSION:=%{x}\n", "x.o: y\n\tcc \"${x}\" > $@\nprebuild:\n\techo \x01 > a.c\nSOURCES += a\"b.c m/%{q}.c\n", "")
	f.Fuzz(func(t *testing.T, config, mk, modules string) {
		files := fstest.MapFS{"configure/CONFIG_MODULE": {Data: []byte(config)}, "m.Makefile": {Data: []byte(mk)}, ".gitmodules": {Data: []byte(modules)},
			"configure/RELEASE": {Data: []byte("EPICS_BASE=/epics/base-7.0.8\nE3_REQUIRE_VERSION:=5.1.0\n")}, "m/a.c": {Data: []byte("#include \"a.h\"\n")}, "m/a.h": {}, "a\"b.c": {}}
		w, ok := Read(Options{Files: files, Platforms: []string{"linux-x86_64", "linux-aarch64"}})
		if !ok {
			if len(w.Missed) == 0 {
				t.Error("it is no wrapper, and nothing says why")
			}
			return
		}
		for _, o := range []DraftOptions{{Comment: true}, {Labels: true, Modules: "modules", Base: "//b"}} {
			text := w.Draft(o)
			if _, ds := format.Source([]byte(text), "BUILD.hcl"); ds.HasErrors() {
				t.Errorf("%v in\n%s", ds, text)
			}
		}
	})
}
