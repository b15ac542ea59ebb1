package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

func TestKindsAreSortedAndUnique(t *testing.T) {
	var kinds []string
	for _, r := range All() {
		kinds = append(kinds, r.Kind)
	}
	if !slices.IsSorted(kinds) || len(slices.Compact(slices.Clone(kinds))) != len(kinds) {
		t.Errorf("not sorted, or a kind twice: %q", kinds)
	}
}

func TestSchemas(t *testing.T) {
	common := map[string]bool{}
	for _, a := range rule.CommonAttrs {
		common[a.Name] = true
	}
	for _, r := range All() {
		seen := map[string]bool{}
		for _, a := range r.Attrs {
			bad := func(format string, args ...any) { t.Errorf("%s.%s: %s", r.Kind, a.Name, fmt.Sprintf(format, args...)) }
			if a.Doc == "" || !strings.HasSuffix(a.Doc, ".") && !strings.HasSuffix(a.Doc, "`.") {
				bad("its doc must be one or more sentences, not %q", a.Doc)
			}
			if seen[a.Name] || common[a.Name] {
				bad("there is another attribute of that name")
			}
			seen[a.Name] = true
			if a.Required && a.Default != nil {
				bad("required, so the default is never used")
			}
			if a.Enum != nil && a.Type != rule.String {
				bad("only strings have an enum")
			}
			if a.Needs != "" && a.Type != rule.File && a.Type != rule.Files && a.Type != rule.LabelRef && a.Type != rule.LabelRefs && a.Type != rule.Tools {
				bad("only labels need a provider")
			}
			if a.Default != nil && fmt.Sprintf("%T", a.Default) != goType(a.Type) {
				bad("the default is a %T, not a %s", a.Default, goType(a.Type))
			}
		}
	}
}

func goType(t rule.Type) string {
	switch t {
	case rule.String, rule.Output:
		return "string"
	case rule.Bool:
		return "bool"
	case rule.Int:
		return "int64"
	case rule.Strings, rule.Outputs:
		return "[]string"
	case rule.StringMap:
		return "map[string]string"
	}
	return "none: such attributes have no default"
}

// TestPages checks that each kind has a page, that the page opens with the kind's name and shows an example, and that its
// table of attributes is the schema's. -update writes the table.
func TestPages(t *testing.T) {
	for _, r := range All() {
		found, err := filepath.Glob(filepath.Join("*", r.Kind+".md"))
		below, err2 := filepath.Glob(filepath.Join("*", "*", r.Kind+".md"))
		if found = append(found, below...); err != nil || err2 != nil || len(found) != 1 {
			t.Errorf("%s: want one page, <family>/%s.md or in a folder of the family, found %q", r.Kind, r.Kind, found)
			continue
		}
		b, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		page := string(b)
		want := withAttributes(page, r)
		if *ruletest.Update && page != want {
			if err := os.WriteFile(found[0], []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if page != want {
			t.Errorf("%s: the attributes are not those of the schema; run the test with -update", found[0])
		}
		if r.Doc != page {
			t.Errorf("%s: Doc is not the page that is embedded from %s", r.Kind, found[0])
		}
		if !strings.HasPrefix(page, "# "+r.Kind+"\n") || !strings.Contains(page, "```hcl\n"+r.Kind+" \"") {
			t.Errorf("%s: the page must start with its kind and show an example", found[0])
		}
	}
}

// withAttributes gives the page with the attributes' section, its last, made anew.
func withAttributes(page string, r *rule.Rule) string {
	const head = "\n## Attributes\n"
	if i := strings.Index(page, head); i >= 0 {
		page = page[:i]
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(page, "\n") + "\n" + head + "\n| attribute | takes | |\n|---|---|---|\n")
	for _, a := range r.Attrs {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", a.Name, takes(a), strings.ReplaceAll(a.Doc, "|", "\\|"))
	}
	b.WriteString("\nBesides these it has the attributes that every kind has: `cairn help attributes`.\n")
	return b.String()
}

func takes(a rule.Attr) string {
	s := map[rule.Type]string{
		rule.String: "text", rule.Bool: "true or false", rule.Int: "a whole number", rule.Strings: "a list of texts",
		rule.StringMap: "a map of texts", rule.File: "a file or label", rule.Files: "files and labels", rule.LabelRef: "a label",
		rule.LabelRefs: "labels", rule.Tools: "labels and programs", rule.Output: "a path", rule.Outputs: "paths", rule.Any: "a value",
	}[a.Type]
	if len(a.Enum) > 0 {
		s = "`" + strings.Join(a.Enum, "`, `") + "`"
	}
	if a.Required {
		s += "; required"
	}
	if a.Default != nil && a.Default != false {
		s += "; default `" + strings.Trim(fmt.Sprint(a.Default), "[]") + "`"
	}
	return s
}

// TestScripts checks that each kind has a script that shows it at work.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("../testdata/script/rule_*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range All() {
		if !slices.ContainsFunc(scripts, func(s string) bool {
			rest, ok := strings.CutPrefix(filepath.Base(s), "rule_"+r.Kind)
			return ok && (rest == ".txtar" || strings.HasPrefix(rest, "_"))
		}) {
			t.Errorf("%s: there is no testdata/script/rule_%s*.txtar", r.Kind, r.Kind)
		}
	}
}
