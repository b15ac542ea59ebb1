package git

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Mirrors go by age, then by size, the ones that were not used for longest first; one that is read stays, and one that has gone is made anew.
func TestTrim(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	var repos []*repo
	for i := range 4 {
		r := newRepo(t)
		r.commit(map[string]string{"a": strings.Repeat(strconv.Itoa(i), 10)})
		repos = append(repos, r)
		resolve(t, fetcherAt(t, "git", dir), question(r.file(), "HEAD"))
	}
	mirrorOf := func(i int) *mirror {
		a, err := parseAddress(repos[i].file(), "")
		if err != nil {
			t.Fatal(err)
		}
		return newFetcherIn(dir).mirrorOf(a, "", false)
	}
	for i := range repos {
		used := now.Add(-time.Duration(i*10) * 24 * time.Hour)
		if err := os.Chtimes(mirrorOf(i).dir+".use", used, used); err != nil {
			t.Fatal(err)
		}
	}
	there := func() (out string) {
		for i := range repos {
			if _, err := os.Stat(mirrorOf(i).dir); err == nil {
				out += strconv.Itoa(i)
			}
		}
		return out
	}
	before, err := Look(dir)
	if err != nil || before.Mirrors != 4 || before.Bytes < 1000 {
		t.Fatalf("%+v, %v", before, err)
	}
	check := func(want string, err error) {
		t.Helper()
		if got := there(); got != want || err != nil {
			t.Errorf("%s are there, want %s; %v", got, want, err)
		}
	}
	check("0123", Trim(t.Context(), dir, now, 31*24*time.Hour, 0))
	check("012", Trim(t.Context(), dir, now, 29*24*time.Hour, 0))
	check("012", trim(t.Context(), dir, now, 0, 1, 21*24*time.Hour))
	release := mirrorOf(2).inUse()
	check("012", Trim(t.Context(), dir, now.Add(365*24*time.Hour), 400*24*time.Hour, before.Bytes))
	old := now.Add(-20 * 24 * time.Hour)
	if err := os.Chtimes(mirrorOf(2).dir+".use", old, old); err != nil {
		t.Fatal(err)
	}
	check("02", Trim(t.Context(), dir, now, 0, before.Bytes/2))
	release()
	check("0", Trim(t.Context(), dir, now, 0, before.Bytes/3))
	if got, err := show(t, fetcherAt(t, "git", dir), repos[3].file(), "HEAD", ""); err != nil || got != "a \"3333333333\"\n" {
		t.Errorf("%q, %v", got, err)
	}
	check("03", nil)
	if es, err := filepath.Glob(filepath.Join(dir, ".*-*")); err != nil || len(es) > 0 {
		t.Errorf("left behind: %v, %v", es, err)
	}
	check("", Trim(t.Context(), dir, now.Add(time.Hour), time.Minute, 0))
	if _, err := Look(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}

func newFetcherIn(dir string) *Fetcher { return New(Options{Dir: dir}) }

// What many small fetches leave becomes one pack, and all that was known stays known.
func TestTidy(t *testing.T) {
	r := newRepo(t)
	dir := t.TempDir()
	var commits []string
	a, err := parseAddress(r.file(), "")
	if err != nil {
		t.Fatal(err)
	}
	f := fetcherAt(t, "git", dir)
	m := f.mirrorOf(a, "", false)
	for i := range 3 {
		commits = append(commits, r.commit(map[string]string{"a": strconv.Itoa(i)}))
		resolve(t, fetcherAt(t, "git", dir), question(r.file(), "HEAD"))
	}
	for i := range manyLoose { // as many more of them would
		if err := os.MkdirAll(filepath.Join(m.dir, "objects/17"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(m.dir, "objects/17", "tmp_obj_"+strconv.Itoa(i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	commits = append(commits, r.commit(map[string]string{"a": "last"}))
	resolve(t, fetcherAt(t, "git", dir), question(r.file(), "HEAD"))
	packs, err := filepath.Glob(filepath.Join(m.dir, "objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Errorf("%v, %v", packs, err)
	}
	r.check(os.RemoveAll(r.dir))
	for _, c := range commits {
		if got, _ := resolve(t, fetcherAt(t, "git", dir), question(r.file(), c)); got != c {
			t.Errorf("%s is gone", c)
		}
	}
}
