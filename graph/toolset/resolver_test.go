package toolset

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

func TestSearchOrder(t *testing.T) {
	h := newHost(t)
	h.put("path/foo", "#!/bin/sh\necho path\n")
	if got := h.resolve("foo"); got.Path != h.at("path/foo") {
		t.Errorf("only on PATH: %s", got.Path)
	}
	h.put("bin/foo", "#!/bin/sh\necho bin\n")
	got := h.resolve("foo")
	if got.Path != h.at("bin/foo") {
		t.Errorf("the fixed search path does not win: %s", got.Path)
	}
	if !slices.Contains(got.Files, h.at("local/foo")) {
		t.Errorf("that nothing is in local is no fact: %v", got.Files)
	}
	h.put("local/foo", "#!/bin/sh\necho local\n")
	if now := h.resolve("foo"); now.Path != h.at("local/foo") || now.Identity == got.Identity {
		t.Errorf("what appeared in front is not seen: %s", now.Path)
	}
	h.o.Overrides["foo"] = h.at("path/foo")
	if got := h.resolve("foo"); got.Path != h.at("path/foo") || got.Programs["foo"] != got.Path {
		t.Errorf("the override does not win: %s", got.Path)
	}
	h.o.Overrides["foo"] = h.at("gone/foo")
	if err := h.fails("foo"); !strings.Contains(err.Error(), h.at("gone/foo")) {
		t.Errorf("%v", err)
	}
}

func TestNotFound(t *testing.T) {
	h := newHost(t)
	h.env["PATH"] = ""
	h.put("bin/python3", "#!/bin/sh\n")
	h.put("bin/plain", "no program")
	for _, name := range []string{"pyhton3", "plain", "", ".", "..", "a/b"} {
		var nf *NotFoundError
		if err := h.fails(name); !errors.As(err, &nf) || nf.Name != name {
			t.Errorf("%q: %v", name, err)
		} else if name == "pyhton3" && (len(nf.Near) == 0 || nf.Near[0] != "python3" || !strings.Contains(err.Error(), `"python3"`)) {
			t.Errorf("near: %v", err)
		}
	}
}

func TestIdentityIsContent(t *testing.T) {
	h := newHost(t)
	p := h.put("bin/foo", "#!/bin/sh\necho 1\n")
	first := h.resolve("foo").Identity
	later := time.Now().Add(2 * time.Hour)
	if err := os.Chtimes(p, later, later); err != nil {
		t.Fatal(err)
	}
	if h.resolve("foo").Identity != first {
		t.Error("a touch changes it")
	}
	h.put("bin/foo", "#!/bin/sh\necho 2\n")
	if h.resolve("foo").Identity == first {
		t.Error("another program behind the same name has the same identity")
	}
	h.put("bin/foo", "#!/bin/sh\necho 1\n")
	if h.resolve("foo").Identity != first {
		t.Error("the program of before has another identity")
	}
	h.copyTo("bin", "elsewhere")
	h.put("elsewhere/other", "#!/bin/sh\n")
	h.env["PATH"], h.env["HOME"] = "/nowhere:/usr/bin", "/nowhere"
	h.o.Overrides["foo"] = h.at("elsewhere/foo")
	if h.resolve("foo").Identity != first {
		t.Error("its place, PATH or HOME enter the identity")
	}
}

func TestModes(t *testing.T) {
	h := newHost(t)
	h.put("bin/foo", "#!/bin/sh\necho foo 1.2\necho built today\n")
	content := h.resolve("foo").Identity
	h.o.Identity["foo"] = "version"
	version := h.resolve("foo").Identity
	h.o.Identity["foo"] = "declared:x"
	declared := h.resolve("foo").Identity
	if content == version || version == declared || content == declared {
		t.Error("modes share identities")
	}
	h.put("bin/foo", "#!/bin/sh\necho foo 1.2\necho built tomorrow\n")
	if h.resolve("foo").Identity != declared {
		t.Error("declared: content decides")
	}
	h.o.Identity["foo"] = "declared:y"
	if h.resolve("foo").Identity == declared {
		t.Error("declared: the text does not decide")
	}
	h.o.Identity["foo"] = "version"
	if h.resolve("foo").Identity != version {
		t.Error("version: more than the first line decides")
	}
	h.put("bin/foo", "#!/bin/sh\necho foo 1.3\n")
	if h.resolve("foo").Identity == version {
		t.Error("version: the first line does not decide")
	}
	h.put("bin/foo", "#!/bin/sh\nexit 1\n")
	if err := h.fails("foo"); !strings.Contains(err.Error(), "version") {
		t.Errorf("%v", err)
	}
	h.o.Identity["foo"] = "colour"
	if err := h.fails("foo"); !strings.Contains(err.Error(), `"colour"`) {
		t.Errorf("%v", err)
	}
}

func TestScriptsHaveInterpreters(t *testing.T) {
	h := newHost(t)
	h.put("bin/lang", "#!/bin/sh\necho 1\n")
	for name, line := range map[string]string{"direct": h.at("bin/lang") + " -x", "env": "/usr/bin/env lang", "split": "/usr/bin/env -S A=b lang -x"} {
		h.put("bin/"+name, "#!"+line+"\n")
	}
	was := map[string]Tool{}
	for _, name := range []string{"direct", "env", "split"} {
		was[name] = h.resolve(name)
	}
	h.put("bin/lang", "#!/bin/sh\necho 2\n")
	for name, w := range was {
		now := h.resolve(name)
		if now.Identity == w.Identity {
			t.Errorf("%s: its interpreter changed, and nothing is seen", name)
		}
		if name != "direct" && now.Programs["lang"] != h.at("bin/lang") {
			t.Errorf("%s: its interpreter is not on PATH: %v", name, now.Programs)
		}
	}
	h.put("local/lang", "#!/bin/sh\necho 3\n")
	if now := h.resolve("env"); now.Programs["lang"] != h.at("local/lang") {
		t.Errorf("an interpreter that appeared in front is not seen: %v", now.Programs)
	}
}

// A program that tells by its name what it is to do is started by that name.
func TestByName(t *testing.T) {
	for _, c := range []struct {
		name  string
		links []string
		want  string
	}{
		{"python3", []string{"/usr/bin/python3", "/usr/bin/python3.11"}, "/usr/bin/python3.11"},
		{"gcc", []string{"/usr/bin/gcc", "/usr/bin/gcc-12", "/usr/bin/x86_64-linux-gnu-gcc-12"}, "/usr/bin/x86_64-linux-gnu-gcc-12"},
		{"cat", []string{"/bin/cat", "/bin/busybox"}, "/bin/cat"},
		{"awk", []string{"/usr/bin/awk", "/etc/alternatives/awk", "/usr/bin/mawk"}, "/usr/bin/awk"},
		{"clang", []string{"/usr/bin/clang", "/usr/lib/llvm/bin/clang-18"}, "/usr/lib/llvm/bin/clang-18"},
		{"clang++", []string{"/usr/bin/clang++", "/usr/lib/llvm/bin/clang++", "/usr/lib/llvm/bin/clang"}, "/usr/lib/llvm/bin/clang++"},
		{"clang", []string{"/usr/bin/clang", "/x/clang++"}, "/usr/bin/clang"},
		{"npm", []string{"/usr/bin/npm", "/usr/lib/npm/npm-cli.js"}, "/usr/lib/npm/npm-cli.js"},
	} {
		if got := byName(c.name, c.links); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPosix(t *testing.T) {
	h := newHost(t)
	if _, err := New(h.o).Posix(context.Background()); err == nil {
		t.Fatal("a set without sh")
	}
	for _, n := range []string{"sh", "cat", "cp"} {
		h.put("bin/"+n, "#!/bin/sh\necho "+n+"\n")
	}
	h.put("path/mv", "#!/bin/sh\n")
	first := h.posix()
	if len(first.Programs) != 3 || first.Programs["cat"] != h.at("bin/cat") || first.Name != "posix" || first.Path != "" {
		t.Errorf("%+v", first)
	}
	if n := len(first.Files); n > 3+2+4*len(posixNames) {
		t.Errorf("%d files", n)
	}
	h.env["PATH"], h.env["HOME"] = "/nowhere", "/nowhere"
	if h.posix().Identity != first.Identity {
		t.Error("PATH or HOME enter the identity")
	}
	h.put("bin/cat", "#!/bin/sh\necho cp\n")
	h.put("bin/cp", "#!/bin/sh\necho cat\n")
	swapped := h.posix().Identity
	if swapped == first.Identity {
		t.Error("which program is which does not count")
	}
	h.put("local/cat", "#!/bin/sh\necho local\n")
	if now := h.posix(); now.Programs["cat"] != h.at("local/cat") || now.Identity == swapped {
		t.Error("what appeared in front is not seen")
	}
	h.put("bin/mv", "#!/bin/sh\n")
	if h.posix().Programs["mv"] != h.at("bin/mv") {
		t.Error("a program that was installed is not seen")
	}
}

// spy counts what a resolver writes to its memory, and can damage what it reads.
type spy struct {
	cache.Records
	writes int
	damage bool
}

func (s *spy) Record(k cache.Kind, key digest.Hash, v []byte) error {
	s.writes++
	return s.Records.Record(k, key, v)
}

func (s *spy) Lookup(k cache.Kind, key digest.Hash) ([]byte, bool) {
	v, ok := s.Records.Lookup(k, key)
	if ok && s.damage {
		v = append(slices.Clone(v), 0)
	}
	return v, ok
}

func TestRemembering(t *testing.T) {
	h := newHost(t)
	s := &spy{Records: h.store}
	h.o.Records = s
	h.put("bin/foo", "#!/bin/sh\n")
	now := h.o.Now
	h.o.Now = time.Now
	first := h.resolve("foo")
	if s.writes != 0 {
		t.Error("what changed just now is remembered: it may change again and look the same")
	}
	h.o.Now = now
	h.resolve("foo")
	if s.writes != 1 {
		t.Errorf("%d records", s.writes)
	}
	again := h.resolve("foo")
	if s.writes != 1 {
		t.Error("it is not remembered")
	}
	if again.Identity != first.Identity || again.Path != first.Path || !slices.Equal(again.Files, first.Files) ||
		!slices.Equal(again.Roots, first.Roots) || len(again.Programs) != 1 || again.Programs["foo"] != first.Path {
		t.Errorf("remembered as %+v, was %+v", again, first)
	}
	s.damage = true
	if h.resolve("foo").Identity != first.Identity || s.writes != 2 {
		t.Error("a damaged record counts")
	}
}

func TestManyAskOnce(t *testing.T) {
	h := newHost(t)
	h.o.Identity["foo"] = "version"
	h.put("bin/foo", "#!/bin/sh\necho asked >> "+h.at("log")+"\necho 1\n")
	r := New(h.o)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Resolve(context.Background(), "foo"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.lines("log"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	h.resolve("foo")
	if n := h.lines("log"); n != 1 {
		t.Error("another process asks again")
	}
}

func TestCancelled(t *testing.T) {
	h := newHost(t)
	h.o.Identity["foo"] = "version"
	h.put("bin/foo", "#!/bin/sh\necho 1\n")
	r := New(h.o)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Resolve(ctx, "foo"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := r.Resolve(context.Background(), "foo"); err != nil {
		t.Errorf("one caller's end is another's: %v", err)
	}
}
