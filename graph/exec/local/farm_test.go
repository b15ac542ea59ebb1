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
		if at, err = r.farm(st, k); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(filepath.Join(at, "sh")); err != nil || to != "/bin/sh" {
			t.Errorf("%s, %v", to, err)
		}
		return at, stampOf(at), at != filepath.Join(st.bin(), "k")
	}
	at, first, _ := farm(dir)
	if at != filepath.Join(dir, "k") {
		t.Errorf("it lies at %s", at)
	}
	if _, again, _ := farm(dir); again != first {
		t.Error("it was made again")
	}
	if err := os.Symlink("/bin/false", filepath.Join(at, "false")); err != nil {
		t.Fatal(err)
	}
	if _, now, _ := farm(dir); now == first {
		t.Error("what somebody added was taken for cairn's")
	}
	if _, err := os.Lstat(filepath.Join(at, "false")); err == nil {
		t.Error("what somebody added is still there")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
	if at, _, lasts := farm(filepath.Join(at, "sh", "below")); lasts {
		t.Errorf("where no folder can be made, it lies at %s", at)
	}
}
