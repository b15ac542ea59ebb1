package local

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLinksLast says that folders of links outlive a Runner, and that one in which somebody wrote is made again.
func TestLinksLast(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "links")
	k := &kit{key: "k", progs: map[string]string{"true": "/bin/true", "sh": "/bin/sh"}}
	farm := func(links string) (at, stamp string, lasts bool) {
		t.Helper()
		r := newRunner(t, Options{Mode: Folder, LinkDir: links})
		defer r.Close()
		st, err := r.stage(false)
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.farm(st, k)
		if err != nil {
			t.Fatal(err)
		}
		at = m.dir
		if to, err := os.Readlink(filepath.Join(at, "sh")); err != nil || to != "/bin/sh" {
			t.Errorf("%s, %v", to, err)
		}
		return at, stampOf(at), at != filepath.Join(st.bin(), "k")
	}
	at, first, lasts := farm(dir)
	if !lasts || filepath.Dir(at) != dir {
		t.Errorf("it lies at %s", at)
	}
	if _, again, _ := farm(dir); again != first {
		t.Error("it was made again")
	}
	if err := os.Symlink("/bin/false", filepath.Join(at, "false")); err != nil {
		t.Fatal(err)
	}
	other, _, _ := farm(dir)
	if other == at {
		t.Error("what somebody added was taken for cairn's")
	}
	if again, _, _ := farm(dir); again != other {
		t.Error("the second one does not last")
	}
	if at, _, lasts := farm(filepath.Join(at, "sh", "below")); lasts {
		t.Errorf("where no folder can be made, it lies at %s", at)
	}
}
