package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
)

// Getting started works copy by copy.
func TestGettingStarted(t *testing.T) { follow(t, "docs/getting-started.md", 12) }

// So does the tutorial, which fetches packages.
func TestTutorial(t *testing.T) { follow(t, "docs/tutorial.md", 20) }

// A wrapper of e3 is imported as its page shows.
func TestImporting(t *testing.T) { follow(t, "docs/import.md", 5) }

// Modules are installed and removed as their page shows; it names this machine's architecture.
func TestInstalling(t *testing.T) {
	if h := build.HostPlatform().String(); h != "linux-x86_64" {
		t.Skip("the programs of the base are for Linux on x86_64")
	}
	follow(t, "docs/installing.md", 9)
}

// IOCs are built and tested as their page shows.
func TestIocs(t *testing.T) {
	if h := build.HostPlatform().String(); h != "linux-x86_64" {
		t.Skip("the programs of the base are for Linux on x86_64")
	}
	follow(t, "docs/iocs.md", 5)
}

// And what the service does for a client; curl is that client.
func TestServing(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here")
	}
	follow(t, "docs/serve.md", 10)
}

var (
	fence  = regexp.MustCompile("(?s)((?:[^\n]+\n)*)\n```([a-z]+)\n(.*?)```\n")
	target = regexp.MustCompile("(?:into|to) `([^`]+)`:")
)

// follow does in an empty folder what a page says: what stands in a block after "into `FILE`:" is written, what stands after `$ ` is
// run, and the lines below it are what that prints. There are at least that many commands.
func follow(t *testing.T, page string, atLeast int) {
	cairn, err := exec.LookPath("cairn")
	if err != nil {
		t.Fatal(err)
	}
	dir, home := t.TempDir(), t.TempDir()
	t.Cleanup(func() { removeAll(dir); removeAll(home) })
	env := append(os.Environ(), "HOME="+home, "CAIRN_CACHE="+filepath.Join(home, "cache"), "PATH="+filepath.Dir(cairn)+":"+os.Getenv("PATH"), "PWD="+dir,
		"GIT_CONFIG_NOSYSTEM=1")
	commands := 0
	for _, m := range fence.FindAllStringSubmatch(manual(t)[page], -1) {
		before, kind, body := m[1], m[2], m[3]
		if kind != "console" {
			name := target.FindStringSubmatch(before)
			if name == nil {
				t.Errorf("which file is this?\n%s", body)
				continue
			}
			file := filepath.Join(dir, name[1])
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, part := range strings.Split("\n"+body, "\n$ ")[1:] {
			line, want, _ := strings.Cut(part, "\n")
			c := exec.Command("sh", "-c", line)
			c.Dir, c.Env = dir, env
			out, _ := c.CombinedOutput() // what is expected says whether it may fail
			if commands++; !sameOutput(string(out), want) {
				t.Errorf("$ %s\ngot:\n%s\nwant:\n%s", line, out, want)
			}
		}
	}
	if commands < atLeast {
		t.Errorf("only %d commands were found", commands)
	}
}

var (
	duration = regexp.MustCompile(`\d+\.\d+s`)
	gitID    = regexp.MustCompile(`\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b`)
	progress = regexp.MustCompile(`(?m)^cairn: \d+ of \d+ actions, .*\n`)
)

// sameOutput compares, but for durations, ids of git and the lines that slow work prints as it goes on; `...` stands for
// anything.
func sameOutput(got, want string) bool {
	clean := func(s string) string {
		s = progress.ReplaceAllString(s, "")
		return strings.TrimSpace(gitID.ReplaceAllString(duration.ReplaceAllString(s, "0s"), "ID"))
	}
	parts := strings.Split(clean(want), "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, `.*`) + `$`).MatchString(clean(got))
}
