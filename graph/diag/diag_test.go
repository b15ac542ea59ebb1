package diag

import "testing"

func TestMost(t *testing.T) {
	bad, warning := Diag{Summary: "bad"}, Diag{Summary: "warning", Warning: true}
	worse := Diag{Summary: "worse"}
	l := List{warning, bad, warning, worse}
	if got := l.Most(4); len(got) != 4 || !got[0].Warning {
		t.Errorf("%v", got)
	}
	got := l.Most(2)
	if len(got) != 3 || got[0].Warning || got[1].Warning || got[2].Summary != "2 more problems are not shown" || got[2].Warning {
		t.Errorf("%v", got)
	}
	if got := (List{warning, warning}).Most(1); got.HasErrors() || len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct{ in, want string }{{"", ""}, {"abc", "abc"}, {"abcd", "abc..."}, {"äöü", "äöü"}, {"äöüx", "äöü..."}, {"a\xffbc", "ab..."}, {"\xff\xff\xff", "\xff\xff\xff"}} {
		if got := Clip(tt.in, 3); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}
