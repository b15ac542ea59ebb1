package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	p := pool(t)
	put(t, p, "a/1.9.0/lib/"+x86+"/a.dep", "", "a/1.10.0/lib/"+x86+"/a.dep", "b 1.0.0\n", "a/nolib/db/a.db", "", ".hidden/1.0.0/lib/"+x86+"/x.dep", "",
		"a/.hid/lib/"+x86+"/a.dep", "", "bad/1.0.0/lib/"+x86+"/bad.dep", "a 1\n\x00\n", "nodep/1.0.0/lib/"+x86+"/libnodep.so", "", "file", "")
	if err := os.Symlink("1.9.0", filepath.Join(p, "a", "latest")); err != nil {
		t.Fatal(err)
	}
	all, problems := List([]string{p, filepath.Join(p, "absent")})
	var got []string
	for _, e := range all {
		got = append(got, e.Name())
	}
	if text := strings.Join(got, ", "); text != "a 1.10.0, a 1.9.0, a latest, bad 1.0.0, nodep 1.0.0" {
		t.Errorf("it lists %s", text)
	}
	text := problems.Error()
	for _, s := range []string{"bad.dep:2: the .dep file is damaged", "module nodep 1.0.0 has no .dep file", "absent: a folder of modules cannot be read"} {
		if !strings.Contains(text, s) {
			t.Errorf("it does not say %q: %s", s, text)
		}
	}
}

// TestSearch: pools in order, hidden names left out, only versions for the architecture.
func TestSearch(t *testing.T) {
	p, q := pool(t), pool(t)
	put(t, p, "a/1.0.0/lib/"+x86+"/a.dep", "#p", "a/1.1.0/lib/"+arm+"/a.dep", "", "a/.2.0.0/lib/"+x86+"/a.dep", "")
	put(t, q, "a/1.0.0/lib/"+x86+"/a.dep", "#q", "b/1.0.0/lib/"+arm+"/b.dep", "")
	s := NewSearch(x86, nil, []string{p, q, filepath.Join(p, "absent")})
	vs := s.Versions("a")
	if len(vs) != 2 || vs[0].Version != "1.0.0" || vs[0].Pool != 0 || vs[1].Pool != 1 {
		t.Errorf("it finds %v", vs)
	}
	if dir := s.Dir("a", vs[1]); dir != filepath.Join(q, "a", "1.0.0") {
		t.Errorf("it lies in %s", dir)
	}
	if !s.Elsewhere("b") || s.Elsewhere("c") || len(s.Versions("../a")) > 0 {
		t.Error("b is there for another architecture, c is not, and ../a is no name")
	}
	own := tree(t, "a", "3.0.0", "lib/"+x86+"/a.dep", "")
	s = NewSearch(x86, []Tree{own}, []string{p})
	if vs := s.Versions("a"); len(vs) != 2 || vs[0].Version != "3.0.0" || vs[1].Pool != 1 || s.Pools()[0] != Workspace {
		t.Errorf("it finds %v", vs)
	}
}
