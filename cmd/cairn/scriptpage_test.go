package main

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/cmd/internal/pagetest"
)

// browse ADDRESS STEPS: opens a page in a browser. The first word of the file ADDRESS is where it is; the lines of STEPS are done in turn:
//
//	until JAVASCRIPT      waits until it is true
//	fill LABEL = TEXT     writes into the field with that label
//	click SELECTOR        clicks at the first such element
//	print JAVASCRIPT      prints what it comes to
func browse(ts *testscript.TestScript, _ bool, args []string) {
	address, _, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	b := pagetest.New(pageTB{ts}, pagetest.Look{Width: 1280, Height: 900, Shots: os.Getenv("CAIRN_TEST_SHOTS")})
	defer b.Close()
	b.Open(address)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "until":
			b.Until(rest)
		case "fill":
			label, text, _ := strings.Cut(rest, " = ")
			b.Fill(label, text)
		case "click":
			b.Click(rest)
		case "print":
			ts.Logf("%v", b.Eval(rest))
		case "", "#":
		default:
			ts.Fatalf("a page knows no %s", word)
		}
	}
	b.Shoot(strings.ReplaceAll(ts.Name(), "/", "-"))
	for _, url := range b.Asked() {
		if own, _, _ := strings.Cut(address, "#"); !strings.HasPrefix(url, own) && !strings.HasPrefix(url, "blob:") && !strings.HasPrefix(url, "data:") {
			ts.Fatalf("the page asks for %s", url)
		}
	}
}

// pageTB is a script as a test that a browser can end.
type pageTB struct{ *testscript.TestScript }

// Helper does nothing: a script says where it is.
func (pageTB) Helper() {}
