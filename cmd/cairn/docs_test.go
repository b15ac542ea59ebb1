package main

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var updateDocs = flag.Bool("update", false, "write the generated pages of docs/reference")

const docsDir = "../../docs"

// The pages in docs/reference that are generated are what `cairn docs --write` writes, and there are no others of theirs.
func TestReferenceIsGenerated(t *testing.T) {
	root := newRoot(newApp(), verbs)
	pages := referencePages(root)
	dir := filepath.Join(docsDir, "reference")
	if *updateDocs {
		if err := writeReference(root, dir); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range pages {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("docs/reference/%s is not what cairn docs --write makes (go test ./cmd/cairn -run Reference -update): %v", name, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b), generated) && pages[filepath.Base(f)] == "" {
			t.Errorf("%s is of no kind or command any more", f)
		}
	}
}

// manual gives the text of every page that people read, by its path.
func manual(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	read := func(f string) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.ToSlash(strings.TrimPrefix(f, "../../"))] = string(b)
	}
	read("../../README.md")
	read("../../CHANGELOG.md")
	err := filepath.WalkDir(docsDir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".md") {
			read(p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var mention = regexp.MustCompile("(?m)(?:`|^\\$ |^ *)cairn ([^`\n]*)")

// Every command, and every option with it, that the manual mentions is there.
func TestDocsNameWhatExists(t *testing.T) {
	root := newRoot(newApp(), verbs)
	found := 0
	for page, text := range manual(t) {
		for _, m := range mention.FindAllStringSubmatch(text, -1) {
			words := strings.Fields(m[1])
			if len(words) == 0 || !regexp.MustCompile(`^(-|[a-z]+$)`).MatchString(words[0]) || page == "docs/architecture.md" {
				continue
			}
			for len(words) > 1 && words[0] == "-C" {
				words = words[2:]
			}
			if !strings.Contains(m[0], "`") && !strings.HasPrefix(m[0], "$") && !known(root, words[0]) {
				continue // a sentence that starts with the name
			}
			found++
			c, rest, err := root.Find(words)
			if err != nil || c == root && !strings.HasPrefix(words[0], "-") {
				t.Errorf("%s: there is no command in %q", page, m[0])
				continue
			}
			for _, w := range rest {
				if w == "--" || w == "|" {
					break
				}
				if len(w) > 1 && strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "-/") && !hasFlag(c, w) {
					t.Errorf("%s: %q has no option %s", page, c.CommandPath(), w)
				}
			}
		}
		for _, m := range regexp.MustCompile("`(--[a-z][a-z-]*)[^`]*`").FindAllStringSubmatch(text, -1) {
			if !slices.ContainsFunc(everyCommand(root), func(c *cobra.Command) bool { return hasFlag(c, m[1]) }) {
				t.Errorf("%s: no command has the option %s", page, m[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d mentions of commands were found: does the test still see them?", found)
	}
}

// known says whether a name is a command's.
func known(root *cobra.Command, name string) bool { return slices.Contains(verbNames(root), name) }

func everyCommand(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, v := range c.Commands() {
		all = append(all, everyCommand(v)...)
	}
	return all
}

func hasFlag(c *cobra.Command, word string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	name = strings.TrimRight(name, ".,;:)")
	var sets []*pflag.FlagSet
	for p := c; p != nil; p = p.Parent() {
		sets = append(sets, p.PersistentFlags())
	}
	sets = append(sets, c.Flags())
	return name == "help" || slices.ContainsFunc(sets, func(s *pflag.FlagSet) bool {
		if strings.HasPrefix(word, "--") {
			return s.Lookup(name) != nil
		}
		return len(name) > 0 && s.ShorthandLookup(name[:1]) != nil
	})
}

// Links between pages lead to files that are there.
func TestDocsLinks(t *testing.T) {
	for page, text := range manual(t) {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}

// docs/dependencies.md has a line for each module that go.mod requires directly, and for no other.
func TestDependenciesAreExplained(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) == 2 && strings.HasPrefix(f[1], "v") {
			direct[f[0]] = true
		}
	}
	if len(direct) == 0 {
		t.Fatal("go.mod requires nothing directly: run go mod tidy")
	}
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(manual(t)["docs/dependencies.md"], -1) {
		explained[m[1]] = true
		if !direct[m[1]] {
			t.Errorf("docs/dependencies.md explains %s, which is no direct dependency", m[1])
		}
	}
	for m := range direct {
		if !explained[m] {
			t.Errorf("docs/dependencies.md does not say why %s is there", m)
		}
	}
}

// The scripts that docs/faults.md names are there.
func TestFaultsHaveScripts(t *testing.T) {
	n := 0
	for _, m := range regexp.MustCompile("(?m)\\| `([a-z0-9_]+)` \\|$").FindAllStringSubmatch(manual(t)["docs/faults.md"], -1) {
		n++
		if _, err := os.Stat("../../testdata/script/" + m[1] + ".txtar"); err != nil {
			t.Error(err)
		}
	}
	if n < 15 {
		t.Errorf("only %d scripts are named", n)
	}
}
