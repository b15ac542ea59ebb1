package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Looking at a file allocates nothing; the walk is Linux's.
func TestScanDoesNotAllocateByFile(t *testing.T) {
	root := t.TempDir()
	b := NewBuilder(testSettings)
	for i := range 1500 {
		b.Source(fmt.Sprintf("lib/p%d/s%d", i/100, i))
	}
	g, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for i := range g.NumSources() {
		p := filepath.Join(root, g.Path(ArtifactID(i)))
		os.MkdirAll(filepath.Dir(p), 0o777)
		os.WriteFile(p, []byte("x"), 0o666)
		f, err := HashFile(p, func() int64 { return 1 << 62 })
		if err != nil {
			t.Fatal(err)
		}
		g.SetSource(ArtifactID(i), f)
	}
	n := testing.AllocsPerRun(3, func() {
		if c, err := g.Scan(context.Background(), ScanOptions{Root: root, Jobs: 1}); err != nil || len(c.Sources) != 0 {
			t.Fatal(c, err)
		}
	})
	if n > 40 {
		t.Errorf("%v allocations for %d files", n, g.NumSources())
	}
}
