package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/workflow/spec"
)

var (
	specCode = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (.*)$")
	caseCode = regexp.MustCompile(`(?m)^(?:warning )?[0-9]+:[0-9]+(?:-[0-9]+:[0-9]+)? ([a-z-]+):`)
	quoted   = regexp.MustCompile("``(.+?)``|`([^`]+)`")
)

// The page on the language of specs has every code that the tables of cases have and none that nothing tests, and texts in its third column
// stand in those cases.
func TestSpecPage(t *testing.T) {
	page := manual(t)["docs/workflow-spec.md"]
	var cases strings.Builder
	for _, dir := range []string{"spec", "link"} {
		files, err := filepath.Glob("../../rules/workflow/" + dir + "/testdata/cases/*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no cases of %s: %v", dir, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			cases.Write(b)
		}
	}
	var used []string
	for _, m := range caseCode.FindAllStringSubmatch(cases.String(), -1) {
		used = append(used, m[1])
	}
	_, errorsOn, ok := strings.Cut(page, "## What is an error")
	if !ok {
		t.Fatal("the page has no section on errors")
	}
	var told []string
	for _, m := range specCode.FindAllStringSubmatch(errorsOn, -1) {
		told = append(told, m[1])
		cells := strings.Split(strings.TrimSuffix(m[2], " |"), " | ")
		if len(cells) < 2 {
			continue // warnings have two columns
		}
		for _, q := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if text := q[1] + q[2]; !strings.Contains(cases.String(), text) {
				t.Errorf("%s: no case says %q", m[1], text)
			}
		}
	}
	for _, code := range used {
		if !slices.Contains(told, code) {
			t.Errorf("the page does not have the code %s", code)
		}
	}
	// What no table can hold, such as a file that is too large, has a test in Go.
	var source strings.Builder
	files, err := filepath.Glob("../../rules/workflow/*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	for _, code := range told {
		if !slices.Contains(used, code) && !strings.Contains(source.String(), `"`+code+`"`) {
			t.Errorf("no case has the code %s", code)
		}
	}
}

// The page's first example is a spec, and so are those of examples/ecology: nothing is wrong with them, and one has 50 tasks.
func TestSpecsOfPages(t *testing.T) {
	page := manual(t)["docs/workflow-spec.md"]
	_, text, _ := strings.Cut(page, "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	specs := map[string]int{text: 3}
	for name, tasks := range map[string]int{"penguins": 14, "islands": 15, "tracks": 50} {
		b, err := os.ReadFile("../../examples/ecology/" + name + "/spec.yaml")
		if err != nil {
			t.Fatal(err)
		}
		specs[string(b)] = tasks
	}
	for text, tasks := range specs {
		s, said := spec.Parse("spec.yaml", []byte(text))
		if len(said) > 0 {
			t.Errorf("%s: %v", s.ID, said)
		}
		if n := len(s.Instances()); n != tasks {
			t.Errorf("%s has %d tasks, not %d", s.ID, n, tasks)
		}
	}
}
