package toolset

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
)

// changesOf gives functions that say whether what f does makes a folder another, and that fail otherwise.
func changesOf(h *host, name string) (does, doesNot func(what string, f func())) {
	check := func(want bool) func(what string, f func()) {
		return func(what string, f func()) {
			h.Helper()
			was := h.resolve(name)
			f()
			if got := h.resolve(name); (got.Identity != was.Identity) != want {
				h.Errorf("%s: another identity is %v, want %v", what, !want, want)
			}
		}
	}
	return check(true), check(false)
}

func TestFolder(t *testing.T) {
	h := newHost(t)
	name := rule.HostFolder(h.at("base"))
	does, doesNot := changesOf(h, name)
	absent := h.resolve(name)
	if absent.Path != h.at("base") || absent.Programs[name] != h.at("base") {
		t.Errorf("what is not there has no path: %+v", absent)
	}
	does("an empty folder", func() { os.Mkdir(h.at("base"), 0o755) })
	does("a file", func() { h.put("base/include/a.h", "1") })
	does("another content", func() { h.put("base/include/a.h", "2") })
	doesNot("the same content anew", func() { h.put("base/include/a.h", "2") })
	does("a mode", func() { os.Chmod(h.at("base/include/a.h"), 0o755) })
	does("an empty folder below", func() { os.Mkdir(h.at("base/include/os"), 0o755) })
	does("a file removed", func() { os.Remove(h.at("base/include/a.h")) })
	does("a folder removed", func() { os.Remove(h.at("base/include/os")) })
	does("gone", func() { os.RemoveAll(h.at("base")) })
	if h.resolve(name).Identity != absent.Identity {
		t.Error("gone is not what absent was")
	}
	h.put("elsewhere/include/a.h", "2")
	h.put("base/include/a.h", "2")
	was := h.resolve(name)
	if got := h.resolve(rule.HostFolder(h.at("elsewhere"))); got.Identity != was.Identity {
		t.Error("the same folder at two places is two")
	}
	if len(was.Roots) != 1 || was.Roots[0] != h.at("base") {
		t.Errorf("roots %q", was.Roots)
	}
}

func TestFolderLinks(t *testing.T) {
	h := newHost(t)
	h.put("base-7/lib/libCom.so.3", "com")
	h.link("libCom.so.3", "base-7/lib/libCom.so")
	h.link("base-7", "base")
	h.put("net/site/asyn/a.h", "1")
	h.link("site", "net/current")
	h.link(h.at("net/current/asyn"), "base-7/asyn")
	h.link("../net/site", "base-7/all")
	h.link("../base-7", "base-7/again")
	h.link("nowhere", "base-7/lib/broken")
	name := rule.HostFolder(h.at("base"))
	does, _ := changesOf(h, name)
	if roots := h.resolve(name).Roots; strings.Join(roots, " ") != strings.Join([]string{h.at("base"), h.at("base-7"), h.at("net/current/asyn"), h.at("net/site")}, " ") {
		t.Errorf("roots %q", roots)
	}
	does("what an absolute link leads to", func() { h.put("net/site/asyn/a.h", "2") })
	does("what a link that leaves leads to", func() { h.put("net/site/b.h", "2") })
	does("a link inside", func() { h.link("libCom.so.4", "base-7/lib/libCom.so") })
	does("what a broken link leads to", func() { h.put("base-7/lib/nowhere", "here") })
	does("a link between", func() { h.put("net/new/asyn/a.h", "3"); h.link("new", "net/current") })
	does("the link to the folder", func() { h.put("base-8/x", ""); h.link("base-8", "base") })
}

func TestFolderParts(t *testing.T) {
	h := newHost(t)
	h.put("mods/asyn/1.0.0/lib/linux-x86_64/asyn.dep", "a 1.0.0")
	h.put("mods/asyn/1.0.0/lib/linux-x86_64/libasyn.so", "so")
	h.put("mods/asyn/1.0.0/include/asyn.h", "h")
	name := rule.HostFolder(h.at("mods"), "*/*/lib/linux-x86_64/*.dep", "*/*/include")
	does, doesNot := changesOf(h, name)
	doesNot("a library", func() { h.put("mods/asyn/1.0.0/lib/linux-x86_64/libasyn.so", "so 2") })
	doesNot("a file beside", func() { h.put("mods/asyn/1.0.0/asyn_meta.yaml", "x"); h.put("mods/README", "x") })
	doesNot("a module for others", func() { h.put("mods/asyn/1.0.0/lib/linux-arm/asyn.dep", "x") })
	does("a .dep", func() { h.put("mods/asyn/1.0.0/lib/linux-x86_64/asyn.dep", "a 2.0.0") })
	does("a header", func() { h.put("mods/asyn/1.0.0/include/pv/deep.h", "h") })
	does("a version without .dep", func() { h.put("mods/asyn/1.1.0/lib/linux-x86_64/libasyn.so", "so") })
	h.put("mods/asyn/1.0.0/src/x.h", "1")
	h.link("../src", "mods/asyn/1.0.0/include/src")
	does("what a link leads to that is left out elsewhere", func() { h.put("mods/asyn/1.0.0/src/x.h", "2") })
}

func TestFolderThatCannotBeUsed(t *testing.T) {
	h := newHost(t)
	h.put("file", "")
	fails := func(path, want string) {
		t.Helper()
		err := h.fails(rule.HostFolder(path))
		var fe *FolderError
		if !errors.As(err, &fe) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	fails(h.at("file"), "it is no folder")
	h.put("base/x", "")
	h.link("x/y", "base/wrong")
	fails(h.at("base"), "wrong in it cannot be read: not a directory")
	os.Remove(h.at("base/wrong"))
	if err := syscall.Mkfifo(h.at("base/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	h.resolve(rule.HostFolder(h.at("base"))) // is not opened
	f := &folderWalk{ctx: t.Context(), p: newParts(New(h.o), "x"), sum: sha256.New(), root: h.at("base"), limit: 1}
	if err := f.all(nil); err == nil || !strings.Contains(err.Error(), "more than 1 files") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.put("base/new", "")
	if _, err := New(h.o).Resolve(ctx, rule.HostFolder(h.at("base"))); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestFolderIsRememberedByItsFacts: what is as it was is not read again.
func TestFolderIsRememberedByItsFacts(t *testing.T) {
	h := newHost(t)
	h.put("base/a", "1")
	name := rule.HostFolder(h.at("base"))
	was := h.resolve(name)
	fi, err := os.Stat(h.at("base/a"))
	if err != nil {
		t.Fatal(err)
	}
	// The content changes under the same facts but for ctime; with the record's ctime put right, a look at facts alone cannot see it.
	if err := os.WriteFile(h.at("base/a"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(h.at("base/a"), fi.ModTime(), fi.ModTime()); err != nil {
		t.Fatal(err)
	}
	if got := h.resolve(name); got.Identity == was.Identity {
		t.Error("another ctime does not make it be read again")
	}
	r := New(h.o)
	r.memory = nil // reading anything would panic
	if _, err := r.Resolve(t.Context(), name); err != nil {
		t.Error(err)
	}
}
