package diag

import "testing"

func TestHideCredentials(t *testing.T) {
	for in, want := range map[string]string{
		"https://me:pw@host/a.git":                        "https://host/a.git",
		"https://token@host/a":                            "https://host/a",
		"ssh://git@host/a":                                "ssh://git@host/a",
		"ssh://git:pw@host/a":                             "ssh://host/a",
		"https://host/a?private_token=abc&ref=main":       "https://host/a?private_token=...&ref=main",
		"cairn run --git https://host/a?x=1;API_KEY=q y":  "cairn run --git https://host/a?x=1;API_KEY=... y",
		"https://host/a?tokens=3&broken_token_count=4#t=": "https://host/a?tokens=3&broken_token_count=4#t=",
		"https://host/a@b/c":                              "https://host/a@b/c",
	} {
		if got := HideCredentials(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if HasCredentials(want) && want == in {
			t.Errorf("%s is said to hold a secret", in)
		}
		if in != want && in[:4] == "http" && !HasCredentials(in) {
			t.Errorf("%s is said to hold none", in)
		}
	}
}
