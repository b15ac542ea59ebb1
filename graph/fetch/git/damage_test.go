package git

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongTree(t *testing.T) {
	for way := range ways {
		r := newRepo(t)
		first := r.commit(map[string]string{"a": "1"})
		second := r.commit(map[string]string{"a": "2"})
		f := newFetcher(t, way)
		other := r.run("rev-parse", second+"^{tree}")
		for _, tree := range []string{other, strings.Repeat("ab", 20)} {
			if _, err := fetchTree(t, f, request(r.file(), "refs/heads/main", "", first, tree)); declared(err) != "tree-mismatch" {
				t.Errorf("%s: %v", way, err)
			}
		}
	}
}

// A damaged mirror is noticed and made anew.
func TestDamagedMirror(t *testing.T) {
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			r := newRepo(t)
			r.commit(map[string]string{"a": "1", "b": "2"})
			f := newFetcher(t, way)
			commit, tree := resolve(t, f, question(r.file(), "HEAD"))
			found := 0
			filepath.WalkDir(f.o.Dir, func(p string, d os.DirEntry, err error) error {
				if err == nil && strings.Contains(p, "/objects/") && !d.IsDir() && !strings.HasSuffix(p, ".idx") && !strings.HasSuffix(p, ".rev") {
					found++
					os.Chmod(p, 0o644)
					b, err := os.ReadFile(p)
					if err != nil {
						t.Fatal(err)
					}
					b[len(b)/2] ^= 0x10
					if err := os.WriteFile(p, b, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				return nil
			})
			if found == 0 {
				t.Fatal("no objects to damage")
			}
			got, err := fetchTree(t, f, request(r.file(), "HEAD", "", commit, tree))
			if want := "a \"1\"\nb \"2\"\n"; err != nil || got != want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// Files that a killed git left behind do not stop the next fetch.
func TestLeftLocks(t *testing.T) {
	r := newRepo(t)
	r.commit(map[string]string{"a": "1"})
	f := newFetcher(t, "git")
	resolve(t, f, question(r.file(), "HEAD"))
	a, err := parseAddress(r.file(), "")
	if err != nil {
		t.Fatal(err)
	}
	m := f.mirrorOf(a, "", false)
	for _, name := range []string{"shallow.lock", "packed-refs.lock"} {
		if err := os.WriteFile(filepath.Join(m.dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := r.commit(map[string]string{"a": "2"})
	if got, _ := resolve(t, fetcherAt(t, "git", f.o.Dir), question(r.file(), "HEAD")); got != want {
		t.Error(got)
	}
}
