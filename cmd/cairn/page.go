package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/query"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules"
)

func kindNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Kind)
	}
	return names
}

// kindPage gives the page of a kind: the author's words and the attributes, which a test of package rules keeps to the schema.
func kindPage(kind string) (string, bool) {
	for _, r := range rules.All() {
		if r.Kind == kind {
			return r.Doc, true
		}
	}
	return "", false
}

// topics are the pages of `cairn help` besides commands and kinds; `cairn docs --write` writes them, too.
var topics = map[string]func() string{
	"attributes": attributesPage,
	"functions":  functionsPage,
	"query":      queryPage,
}

func attributesPage() string {
	var b strings.Builder
	b.WriteString("# Attributes of every kind\n\n| attribute | |\n|---|---|\n")
	for _, a := range rule.CommonAttrs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", a.Name, cell(a.Doc))
	}
	return b.String()
}

func functionsPage() string {
	var b strings.Builder
	b.WriteString("# Functions of BUILD.hcl\n\nAll are pure but those that read something; what these read is tracked, so that a change is noticed.\n\n| function | | where |\n|---|---|---|\n")
	for _, f := range load.Functions() {
		where := f.Where
		if where == "" {
			where = "everywhere"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(f.Signature), cell(f.Doc), cell(where))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// firstSentence gives the first sentence below a page's heading.
func firstSentence(doc string) string {
	for line := range strings.Lines(doc) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if i := strings.Index(line, ". "); i >= 0 {
			return line[:i+1]
		}
		return line
	}
	return ""
}

// generated is the first line of each page that `cairn docs --write` makes.
const generated = "<!-- Written by `cairn docs --write docs/reference`; edit the schema or the command instead. -->\n\n"

// referencePages gives the generated pages by their names below docs/reference.
func referencePages(root *cobra.Command) map[string]string {
	pages := map[string]string{"commands.md": generated + commandsPage(root)}
	for name, page := range topics {
		pages[name+".md"] = generated + page()
	}
	var index strings.Builder
	index.WriteString(generated + "# Kinds of target\n\n")
	for _, r := range rules.All() {
		pages["kind-"+r.Kind+".md"] = generated + r.Doc
		fmt.Fprintf(&index, "- [%s](kind-%s.md): %s\n", r.Kind, r.Kind, firstSentence(r.Doc))
	}
	index.WriteString("\nAll of them have the [common attributes](attributes.md).\n")
	pages["kinds.md"] = index.String()
	return pages
}

func commandsPage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\n```text\n" + helpText(root) + "```\n")
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, v := range c.Commands() {
			if v.Hidden {
				continue
			}
			b.WriteString("\n## " + v.CommandPath() + "\n\n```text\n" + helpText(v) + "```\n")
			walk(v)
		}
	}
	walk(root)
	return b.String()
}

func queryPage() string {
	var b strings.Builder
	b.WriteString("# Queries\n\nA query is an expression over sets of targets. A pattern is a set (`//a/...`, `//a:all`, `//a:b`); functions make sets of\n" +
		"sets; `X + Y` is all of both, `X - Y` what is in X alone, `X & Y` what is in both (`&` binds closest). Sets side by side are\n" +
		"joined as if by `+`, and `-//a/...` takes away, as on the command line. Names hold `+` and `-`, so leave a space before an operator.\n" +
		"Quote what holds spaces or brackets: `owners(\"a file.txt\")`.\n\n")
	for _, name := range query.FunctionNames() {
		usage, doc := query.FunctionDoc(name)
		fmt.Fprintf(&b, "- `%s`: %s\n", usage, doc)
	}
	b.WriteString("\nThe answer is one label (or file) a line, sorted; a path keeps its order. `--json` prints an array of targets with kind, tags, sources,\n" +
		"outputs and dependencies; `--dot` a graph for Graphviz.\n")
	return b.String()
}
