package main

import "testing"

// What every start of cairn pays before a command does anything.
func BenchmarkNewRoot(b *testing.B) {
	for b.Loop() {
		newRoot(newApp(), wantedVerbs([]string{"build"}))
	}
}

// A verb that is made alone is the one that was named, and those that speak of others come with all of them.
func TestWantedVerbs(t *testing.T) {
	for _, v := range verbs {
		if got := v.make(newApp()).Name(); got != v.name {
			t.Errorf("the command listed as %q is %q", v.name, got)
		}
		want := 1
		if v.all {
			want = len(verbs)
		}
		if got := len(wantedVerbs([]string{v.name, "//..."})); got != want {
			t.Errorf("%s is made with %d commands, want %d", v.name, got, want)
		}
	}
	for _, args := range [][]string{nil, {"buld"}, {"-C", "build"}, {"__complete", "build"}, {"--help"}} {
		if got := len(wantedVerbs(args)); got != len(verbs) {
			t.Errorf("%q makes %d commands", args, got)
		}
	}
}
