package git

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAddress(t *testing.T) {
	same := [][]string{
		{"https://h.example/a/b", "https://H.example/a/b.git", "https://h.example:443/a/b/", "HTTPS://h.example/a/b"},
		{"http://h.example/a/b"},
		{"https://h.example:8443/a/b"},
		{"https://i.example/a/b"},
		{"https://h.example/a.b/c"},
		{"https://h.example/a.b/d"},
		{"ssh://git@h.example/a/b", "ssh://git@h.example:22/a/b.git"},
		{"git@h.example:a/b", "git@H.example:a/b.git"},
		{"file:///srv/a", "file://localhost/srv/a/", "file:///srv//a"},
		{"file:///srv/a.git"},
		{"workspace:lib.bundle"},
		{"[::1]:a/b"},
	}
	ids := map[string]string{}
	for _, group := range same {
		first := ""
		for _, text := range group {
			a, err := parseAddress(text, "/ws")
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if other, ok := ids[a.id]; ok && first == "" {
				t.Errorf("%s and %s are one", text, other)
			}
			if first == "" {
				first = a.id
				ids[a.id] = text
			}
			if a.id != first {
				t.Errorf("%s is not %s", text, group[0])
			}
		}
	}
	for _, text := range []string{"", "-u", "--upload-pack=x", "ext::sh -c x", "ext::x", "fd::3", "a b:c", "https://", "https://h.example/a\nb", "ftp://h.example/a", "git+ssh://h/a",
		"https://me:secret@h.example/a", "https://token@h.example/a", "ssh://git:pw@h.example/a", "ssh://-oProxyCommand=x/a", "-oProxyCommand=x:a", "git@-h:a", "h:-a",
		"/srv/a", "../a", "file://host/a", "workspace:../a", "workspace:/a", "workspace:", "workspace:-a", "workspace:a/../..", "c\\d:e"} {
		if a, err := parseAddress(text, "/ws"); declared(err) != "bad-url" {
			t.Errorf("%q: %v %v", text, a, err)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "token") {
			t.Errorf("%q: the error tells a secret: %v", text, err)
		}
	}
}

func TestCheckRef(t *testing.T) {
	for _, ok := range []string{"HEAD", "refs/heads/main", "refs/heads/feat/a-b_c.d", "refs/tags/v1.0+1", "abcd", strings.Repeat("a", 40), strings.Repeat("a", 64)} {
		if err := checkRef(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "main", "-x", "refs/", "refs/heads/", "refs/heads/-x", "refs/heads/a..b", "refs/heads/a b", "refs/heads/a~1", "refs/heads/*",
		"refs/heads/a:b", "refs/heads/.a", "refs/heads/a.lock", "refs/heads/a@{1}", "refs/heads//a", "abc", "ABCD", strings.Repeat("a", 65)} {
		if declared(checkRef(bad)) != "bad-ref" {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"https://h.example/a/b.git", "git@h:a", "ssh://git@[::1]:22/x", "file:///a", "workspace:a/b", "ext::sh", "-x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseAddress(s, "/ws")
		if err != nil {
			if declared(err) != "bad-url" {
				t.Fatal(err)
			}
			return
		}
		if strings.HasPrefix(a.text, "-") || helper().MatchString(a.text) || strings.ContainsAny(a.text, " \n\x00") || len(a.id) != 32 {
			t.Fatalf("%q: %+v", s, a)
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 b\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		es, err := parseTree(b, 20)
		if err != nil {
			return
		}
		n := 0
		for _, e := range es {
			n += len(e.mode) + 1 + len(e.name) + 1 + 20
		}
		if n != len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
	})
}
