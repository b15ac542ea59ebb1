package git

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

// TestProgress: how much came is told, as single objects and as a pack; a commit that is there brings nothing.
func TestProgress(t *testing.T) {
	for way := range ways {
		r := newRepo(t)
		u, _ := r.serve()
		dir := t.TempDir()
		noise := make([]byte, 50_000)
		for i := range noise {
			noise[i] = 'a' + byte(rand.N(26))
		}
		asked := func() (done, total int64) {
			var mu sync.Mutex
			ctx := fetch.WithProgress(t.Context(), func(d, n int64) {
				mu.Lock()
				defer mu.Unlock()
				if d < done {
					t.Errorf("%s: %d after %d", way, d, done)
				}
				done, total = d, n
			})
			if _, err := fetcherAt(t, way, dir).Resolve(ctx, question(u, "HEAD")); err != nil {
				t.Fatal(err)
			}
			return done, total
		}
		r.commit(map[string]string{"a": string(noise)})
		if done, total := asked(); done < 25_000 || done > 100_000 || total != done {
			t.Errorf("%s: %d of %d bytes of 50,000", way, done, total)
		}
		if done, total := asked(); done != 0 || total != 0 {
			t.Errorf("%s: %d of %d bytes of what is there", way, done, total)
		}
	}
}
