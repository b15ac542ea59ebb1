package state

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

func TestTrimKeepsWhatWasUsedLast(t *testing.T) {
	root := t.TempDir()
	start := time.Unix(1_700_000_000, 0)
	paths := make([]string, 7)
	for i := range paths {
		paths[i] = PathIn(root, digest.Of([]byte{byte(i)}).Hash)
		g, err := NewBuilder(testSettings).Finish()
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Save(paths[i]); err != nil {
			t.Fatal(err)
		}
		at := start.Add(time.Duration(i) * time.Hour)
		os.Chtimes(paths[i], at, at)
		os.Chtimes(journalPath(paths[i]), at, at)
	}
	dir := filepath.Dir(paths[0])
	if rel, _ := filepath.Rel(root, dir); rel != filepath.Join("cairn-out", ".state") {
		t.Error(dir)
	}
	torn := filepath.Join(dir, ".graph-torn")
	os.WriteFile(torn, nil, 0o666)
	os.Chtimes(torn, start, start)
	now := start.Add(100 * time.Hour)
	Use(paths[1], now)
	journal := now.Add(-time.Minute) // an append is a use
	os.Chtimes(journalPath(paths[2]), journal, journal)
	if err := Trim(paths[0], now); err != nil {
		t.Fatal(err)
	}
	var left []string
	for i, p := range paths {
		_, err := os.Stat(p)
		_, jerr := os.Stat(journalPath(p))
		if (err == nil) != (jerr == nil) {
			t.Error("a snapshot and its journal part", i)
		}
		if err == nil {
			left = append(left, fmt.Sprint(i))
		}
	}
	if got := strings.Join(left, " "); got != "0 1 2 6" {
		t.Error("left:", got)
	}
	if _, err := os.Stat(torn); err == nil {
		t.Error("a torn file was left")
	}
	if err := Trim(filepath.Join(root, "none", "x.graph"), now); err != nil {
		t.Error(err)
	}
}
