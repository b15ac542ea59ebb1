package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/graph/exec/local"
)

// scriptCommands are the words that the scripts have beyond testscript's own.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":     exits,
	"did":       did,
	"uptodate":  upToDate,
	"edit":      edit,
	"append":    appendTo,
	"lines":     lines,
	"flipbit":   flipBit,
	"truncate":  truncate,
	"fill":      fill,
	"samekey":   sameKey,
	"print":     printTree,
	"sameprint": samePrint,
	"waitfile":  waitFile,
	"waitline":  waitLine,
	"states":    states,
	"touch":     touch,
	"serve":     serve,
	"wheel":     wheel,
	"uvwheel":   uvWheel,
	"gone":      gone,
	"mkgit":     mkgit,
	"gitcommit": gitCommit,
	"gitserver": gitServer,
	"gitvisits": gitVisits,
	"gitstop":   gitStop,
	"example":   example,
	"console":   console,
	"readenv":   readEnv,
	"repeat":    repeat,
	"ask":       ask,
	"iocports":  iocPorts,
	"iocrows":   iocRows,
	"browse":    browse,
	"having":    having,
}

// exits CODE PROGRAM ARG...: the program ends with just this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want := number(ts, args, 0)
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var e *exec.ExitError
	switch {
	case errors.As(err, &e):
		got = e.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if (got == want) == neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

var summaryLine = regexp.MustCompile(`(?m)^cairn: (\d+) actions?: (\d+) cached, (\d+) remote, (\d+) run; (\d+) failed`)

// did [cached=N] [run=N] [failed=N] [actions=N]: the last command's summary line says so.
func did(ts *testscript.TestScript, neg bool, args []string) {
	out := ts.ReadFile("stderr")
	m := summaryLine.FindStringSubmatch(out)
	got := map[string]string{"actions": "0", "cached": "0", "remote": "0", "run": "0", "failed": "0"}
	switch {
	case m != nil:
		got = map[string]string{"actions": m[1], "cached": m[2], "remote": m[3], "run": m[4], "failed": m[5]}
	case !strings.Contains(out, "cairn: up to date ("):
		ts.Fatalf("no summary line")
	}
	for _, a := range args {
		name, want, _ := strings.Cut(a, "=")
		if (got[name] == want) == neg {
			ts.Fatalf("%s is %s, want %s", name, got[name], want)
		}
	}
}

// uptodate: the last command found nothing to do.
func upToDate(ts *testscript.TestScript, neg bool, _ []string) {
	if strings.Contains(ts.ReadFile("stderr"), "cairn: up to date (") == neg {
		ts.Fatalf("up to date: want %v", !neg)
	}
}

// edit FILE OLD NEW: replaces OLD, which must be there, by NEW. \n stands for a new line.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	unescape := strings.NewReplacer(`\n`, "\n").Replace
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, unescape(args[1])) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	write(ts, args[0], strings.Replace(text, unescape(args[1]), unescape(args[2]), 1))
}

// append FILE TEXT: puts a line at the end.
func appendTo(ts *testscript.TestScript, _ bool, args []string) {
	write(ts, args[0], ts.ReadFile(args[0])+strings.Join(args[1:], " ")+"\n")
}

// write changes a file in place and keeps its mode.
func write(ts *testscript.TestScript, name, text string) {
	file := ts.MkAbs(name)
	info, err := os.Stat(file)
	ts.Check(err)
	ts.Check(os.WriteFile(file, []byte(text), info.Mode().Perm()))
}

// lines FILE N: the file has N lines.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); (got == number(ts, args, 1)) == neg {
		ts.Fatalf("%s has %d lines, want %s", args[0], got, args[1])
	}
}

// flipbit FILE|GLOB [OFFSET]: flips a bit of each file; a negative offset counts from the end, none means the middle.
func flipBit(ts *testscript.TestScript, _ bool, args []string) {
	for _, f := range matches(ts, args[0]) {
		b, err := os.ReadFile(f)
		ts.Check(err)
		at := len(b) / 2
		if len(args) > 1 {
			if at = number(ts, args, 1); at < 0 {
				at += len(b)
			}
		}
		if at < 0 || at >= len(b) {
			ts.Fatalf("%s has just %d bytes", f, len(b))
		}
		b[at] ^= 1
		overwrite(ts, f, b)
	}
}

// truncate FILE|GLOB SIZE: cuts each file; a negative size takes so many bytes off its end.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	for _, f := range matches(ts, args[0]) {
		b, err := os.ReadFile(f)
		ts.Check(err)
		n := number(ts, args, 1)
		if n < 0 {
			n = max(0, len(b)+n)
		}
		overwrite(ts, f, b[:min(n, len(b))])
	}
}

// overwrite changes a file's bytes in place, read-only ones too.
func overwrite(ts *testscript.TestScript, f string, b []byte) {
	info, err := os.Stat(f)
	ts.Check(err)
	ts.Check(os.Chmod(f, 0o644))
	ts.Check(os.WriteFile(f, b, 0o644))
	ts.Check(os.Chmod(f, info.Mode().Perm()))
}

func matches(ts *testscript.TestScript, pattern string) []string {
	fs, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(fs) == 0 {
		ts.Fatalf("no file %s", pattern)
	}
	return fs
}

// fill FILE N: makes a file of N bytes with no new line in it.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("x", number(ts, args, 1))), 0o644))
}

// samekey TARGET DIR DIR: the target's key is the same in both workspaces (negated: differs).
func sameKey(ts *testscript.TestScript, neg bool, args []string) {
	keys := map[string]bool{}
	for _, dir := range args[1:] {
		ts.Check(ts.Exec("cairn", "-C", dir, "key", "--json", args[0]))
		var ks []struct{ Key string }
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &ks))
		if len(ks) == 0 || len(ks[0].Key) != 64 {
			ts.Fatalf("no key in %s", dir)
		}
		keys[fmt.Sprint(ks)] = true
	}
	if (len(keys) == 1) == neg {
		ts.Fatalf("%d different keys: %v", len(keys), keys)
	}
}

// print FILE DIR...: writes names, modes, times and contents of all below the folders into a file; a missing folder counts as empty.
func printTree(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(fingerprint(ts, args[1:])), 0o644))
}

// sameprint FILE DIR...: all is as it was when `print` was called.
func samePrint(ts *testscript.TestScript, neg bool, args []string) {
	was, is := ts.ReadFile(args[0]), fingerprint(ts, args[1:])
	if (was == is) == neg {
		ts.Fatalf("was:\n%s\nis:\n%s", was, is)
	}
}

func fingerprint(ts *testscript.TestScript, dirs []string) string {
	var out []string
	for _, d := range dirs {
		err := filepath.WalkDir(ts.MkAbs(d), func(p string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			line := fmt.Sprintf("%s %s %d", p, info.Mode(), info.ModTime().UnixNano())
			if info.Mode().IsRegular() {
				b, err := os.ReadFile(p)
				if err != nil {
					return err
				}
				sum := sha256.Sum256(b)
				line += " " + hex.EncodeToString(sum[:8])
			}
			out = append(out, line)
			return nil
		})
		ts.Check(err)
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// waitfile FILE: goes on when the file is there.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	limit := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("%s did not come", args[0])
		}
	}
}

// touch FILE...: sets the time of change to now; the content stays.
func touch(ts *testscript.TestScript, _ bool, args []string) {
	for _, f := range args {
		now := time.Now()
		ts.Check(os.Chtimes(ts.MkAbs(f), now, now))
	}
}

func number(ts *testscript.TestScript, args []string, i int) int {
	if i >= len(args) {
		ts.Fatalf("a number is missing")
	}
	n, err := strconv.Atoi(args[i])
	ts.Check(err)
	return n
}

// hasNamespaces says whether actions can be kept apart by the kernel here.
var hasNamespaces = sync.OnceValue(func() bool {
	r, err := local.New(local.Options{Mode: local.Require, Slots: 1})
	if err != nil {
		return false
	}
	r.Close()
	return true
})

// example NAME: copies examples/NAME into the current directory, without its outputs.
func example(ts *testscript.TestScript, _ bool, args []string) {
	from, err := filepath.Abs(filepath.Join("../../examples", args[0]))
	ts.Check(err)
	to := ts.MkAbs(".")
	ts.Check(filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "cairn-out":
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o644)
	}))
}
