package python

import (
	"strings"
	"testing"
)

func TestTOML(t *testing.T) {
	for _, c := range []struct{ what, text, want string }{
		{"a missing value", "a = 1\nb = ", "line 2, column "},
		{"a key that is there twice", "a = 1\n\na = 2", "line 3, "},
		{"not UTF-8", "a = '\xff'", "line 1, column 6: "},
		{"deep arrays", "a = 1\nb = " + strings.Repeat("[", 1_000_000), "line 2: more than 1000 brackets are open"},
		{"deep tables", strings.Repeat("a={b=", 1_000_000), "line 1: more than 1000 brackets are open"},
	} {
		if doc, err := parseTOML([]byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v, want %q", c.what, doc, err, c.want)
		}
	}
	if doc, err := parseTOML([]byte(strings.Repeat("a.", 100_000) + "a = 1")); err == nil && doc["a"] == nil {
		t.Error("a long key: neither a table nor an error") // it must not overflow the stack; both answers are fine
	}
}
