package quote

import (
	"strings"
	"testing"
)

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		strings.Repeat("ä", 80):       strings.Repeat("ä", 80),
		strings.Repeat("ä", 81):       strings.Repeat("ä", 80) + "...",
		strings.Repeat("a", 79) + "ä": strings.Repeat("a", 79) + "ä",
	} {
		if got := Clip(in); got != want {
			t.Errorf("%q is clipped to %q", in, got)
		}
	}
}

func TestList(t *testing.T) {
	if got, want := List([]string{"a", "it's", "b\n"}), `['a', "it's", 'b\n']`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := List(nil); got != "[]" {
		t.Errorf("got %s", got)
	}
	if got := List(make([]string, 102)); !strings.HasSuffix(got, "'', ... and 2 more]") {
		t.Errorf("got %s", got)
	}
}
