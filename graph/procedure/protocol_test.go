package procedure

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func heard(b []byte, token string) []message {
	to := make(chan message)
	go func() {
		defer close(to)
		receive(bytes.NewReader(b), token, to)
	}()
	var out []message
	for m := range to {
		out = append(out, m)
	}
	return out
}

// TestReceive: only whole lines of the runner count.
func TestReceive(t *testing.T) {
	long := `{"token":"T","event":"main","text":"` + strings.Repeat("x", maxLine) + "\"}\n"
	in := "garbage\n" + `{"token":"U","event":"main"}` + "\n" + `{"event":"main"}` + "\n" + long + `{"token":"T","event":"loaded","init":true}` + "\n" +
		"\x00\xff\n\n" + `{"token":"T","event":"explode"}` + "\n" + `{"token":"T","event":"init"}` + "\n" + `{"token":"T","event":"main"}`
	got := heard([]byte(in), "T")
	if len(got) != 2 || got[0].Event != "loaded" || !got[0].Init || got[1].Event != "init" {
		t.Errorf("%+v", got)
	}
	if got := heard([]byte("{\"event\":\"main\"}\n"), ""); got != nil {
		t.Errorf("without a token: %+v", got)
	}
}

// FuzzReceive: whatever comes, what is heard are the lines that are the runner's, in order.
func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"token":"T","event":"loaded","init":true}` + "\nx\n"))
	f.Add([]byte(`{"token":"T","event":"failed","text":"a\nb"}` + "\n" + `{"token":"T"` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var want []string
		lines := bytes.SplitAfter(b, []byte("\n"))
		for _, l := range lines {
			var m struct{ Token, Event string }
			if !bytes.HasSuffix(l, []byte("\n")) || json.Unmarshal(l, &m) != nil || m.Token != "T" {
				continue
			}
			if parsed, ok := parseMessage(l, "T"); ok {
				want = append(want, parsed.Event+parsed.Text)
			}
		}
		var got []string
		for _, m := range heard(b, "T") {
			if m.Token != "T" {
				t.Fatalf("%+v", m)
			}
			got = append(got, m.Event+m.Text)
		}
		if strings.Join(got, "\x01") != strings.Join(want, "\x01") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
