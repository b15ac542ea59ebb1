package git

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/fetch"
)

// metered is a transport that tells how much it brings. Git says so only to a terminal, and go-git not at all: what comes is
// measured where it arrives.
type metered struct{ transport }

// meterEvery is how often it is looked how much has come.
const meterEvery = 250 * time.Millisecond

// fetch implements transport.
func (t metered) fetch(ctx context.Context, m *mirror, a address, spec []string, shallow bool) error {
	told := fetch.ProgressOf(ctx)
	if told == nil {
		return t.transport.fetch(ctx, m, a, spec, shallow)
	}
	began := time.Now().Add(-meterSlack)
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(meterEvery)
		defer tick.Stop()
		for last := int64(0); ; {
			select {
			case <-done:
				return
			case <-tick.C:
				if n := m.arrived(began); n > last {
					last = n
					told(n, -1)
				}
			}
		}
	}()
	err := t.transport.fetch(ctx, m, a, spec, shallow)
	close(done)
	<-watched
	if n := m.arrived(began); err == nil && n > 0 {
		told(n, n)
	}
	return err
}

// meterSlack is how far a file's time may lie behind the clock.
const meterSlack = 10 * time.Millisecond

// arrived gives the size of the objects that were written since: packs, also unfinished ones, and single files.
func (m *mirror) arrived(since time.Time) (n int64) {
	top := filepath.Join(m.dir, "objects")
	dirs, err := os.ReadDir(top)
	if err != nil {
		return 0
	}
	for _, d := range dirs {
		if !young(d, since) && d.Name() != "pack" { // a pack that grows does not change its folder
			continue
		}
		files, err := os.ReadDir(filepath.Join(top, d.Name()))
		if err != nil {
			continue // it is a file, or gone
		}
		for _, f := range files {
			if s := f.Name(); strings.HasSuffix(s, ".idx") || strings.HasSuffix(s, ".rev") || !young(f, since) {
				continue
			}
			if fi, err := f.Info(); err == nil && fi.Mode().IsRegular() {
				n += fi.Size()
			}
		}
	}
	return n
}

func young(e fs.DirEntry, since time.Time) bool {
	fi, err := e.Info()
	return err == nil && !fi.ModTime().Before(since)
}
