package schedule

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestOrder runs random graphs and checks that no job starts before its deps are settled, and that room is kept.
func TestOrder(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		n := 1 + rnd.IntN(60)
		items := make([]Item, n)
		for i := range items {
			items[i] = Item{ID: i, Slots: rnd.IntN(4), Exclusive: rnd.IntN(10) == 0, Light: rnd.IntN(6) == 0, Mem: int64(rnd.IntN(5))}
			for range rnd.IntN(3) {
				if i > 0 {
					items[i].Deps = append(items[i].Deps, rnd.IntN(i))
				}
			}
		}
		var mu sync.Mutex
		settled := map[int]bool{}
		var slots, exclusive, running int
		err := Run(t.Context(), items, Config{Slots: 3, Light: 2, Mem: 6,
			Done: func(id int, k Kind) { settled[id] = k == Changed },
			Work: func(_ context.Context, id int, _ bool) Verdict {
				it := items[id]
				mu.Lock()
				running++
				if it.Exclusive {
					exclusive++
				}
				if !it.Light {
					slots += min(max(it.Slots, 1), 3)
				}
				if exclusive > 0 && running > 1 {
					t.Errorf("seed %d: an exclusive job does not run alone", seed)
				}
				if slots > 3 {
					t.Errorf("seed %d: %d slots in use of 3", seed, slots)
				}
				mu.Unlock()
				mu.Lock()
				running--
				if it.Exclusive {
					exclusive--
				}
				if !it.Light {
					slots -= min(max(it.Slots, 1), 3)
				}
				mu.Unlock()
				return Verdict{Kind: Changed}
			}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range items {
			if !settled[i] {
				t.Fatalf("seed %d: job %d was not settled as changed", seed, i)
			}
		}
	}
}

func TestFailureSkipsDependants(t *testing.T) {
	items := []Item{{ID: 0}, {ID: 1, Deps: []int{0}}, {ID: 2}, {ID: 3, Deps: []int{1}}}
	for _, keep := range []bool{false, true} {
		got := map[int]Kind{}
		_ = Run(t.Context(), items, Config{Slots: 1, KeepGoing: keep, Done: func(id int, k Kind) { got[id] = k },
			Work: func(_ context.Context, id int, _ bool) Verdict {
				if id == 0 {
					return Verdict{Kind: Failed}
				}
				return Verdict{Kind: Changed}
			}})
		want := map[int]Kind{0: Failed, 1: Skipped, 2: Skipped, 3: Skipped}
		if keep {
			want[2] = Changed
		}
		for id, k := range want {
			if got[id] != k {
				t.Errorf("keep=%v: job %d came to %v, want %v", keep, id, got[id], k)
			}
		}
	}
}

func TestEarlyCutoff(t *testing.T) {
	items := []Item{{ID: 0}, {ID: 1, Deps: []int{0}}, {ID: 2, Deps: []int{1}}}
	var turns []int
	_ = Run(t.Context(), items, Config{Slots: 1,
		Skip: func(id int, changed bool) bool { return id > 0 && !changed },
		Work: func(_ context.Context, id int, _ bool) Verdict {
			turns = append(turns, id)
			if id == 0 {
				return Verdict{Kind: Changed}
			}
			return Verdict{Kind: Same}
		}})
	if !slices.Equal(turns, []int{0, 1}) {
		t.Errorf("jobs %v had a turn, want 0 and 1", turns)
	}
}

func TestParkedHoldsNoRoom(t *testing.T) {
	var tries atomic.Int32
	other := make(chan struct{})
	err := Run(t.Context(), []Item{{ID: 0, Cost: time.Hour}, {ID: 1}}, Config{Slots: 1, Retry: time.Microsecond,
		Work: func(_ context.Context, id int, _ bool) Verdict {
			if id == 1 {
				close(other)
				return Verdict{Kind: Changed}
			}
			tries.Add(1)
			select {
			case <-other:
				return Verdict{Kind: Changed}
			default:
				return Verdict{Kind: Parked}
			}
		}})
	if err != nil || tries.Load() < 2 {
		t.Errorf("err %v after %d tries; the parked job must come again after the other one", err, tries.Load())
	}
}

func TestBlockedRunsWhatItNeeds(t *testing.T) {
	var turns []int
	have := false
	err := Run(t.Context(), []Item{{ID: 7, Deps: []int{3}}}, Config{Slots: 1,
		Add: func(id int) Item { return Item{ID: id} },
		Work: func(_ context.Context, id int, needed bool) Verdict {
			turns = append(turns, id)
			if id == 7 && !have {
				return Verdict{Kind: Blocked, Needs: []int{3}}
			}
			if id == 3 {
				if !needed {
					t.Error("a job that was asked for does not know that it is needed")
				}
				have = true
			}
			return Verdict{Kind: Changed}
		}})
	if err != nil || !slices.Equal(turns, []int{7, 3, 7}) {
		t.Errorf("turns %v, err %v", turns, err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	kinds := map[int]Kind{}
	err := Run(ctx, []Item{{ID: 0}, {ID: 1, Deps: []int{0}}}, Config{Slots: 1, Done: func(id int, k Kind) { kinds[id] = k },
		Work: func(ctx context.Context, id int, _ bool) Verdict {
			cancel()
			<-ctx.Done()
			return Verdict{Kind: Failed}
		}})
	if !errors.Is(err, context.Canceled) || kinds[1] != Skipped {
		t.Errorf("err %v, kinds %v", err, kinds)
	}
}

func TestLongestPathFirst(t *testing.T) {
	var turns []int
	_ = Run(t.Context(), []Item{{ID: 0}, {ID: 1, Cost: time.Second}, {ID: 2, Deps: []int{0}, Cost: time.Minute}}, Config{Slots: 1,
		Work: func(_ context.Context, id int, _ bool) Verdict {
			turns = append(turns, id)
			return Verdict{Kind: Changed}
		}})
	if !slices.Equal(turns, []int{0, 2, 1}) {
		t.Errorf("turns %v, want the start of the longest path first", turns)
	}
}

func TestLongChain(t *testing.T) {
	items := make([]Item, 100_000)
	for i := range items {
		items[i] = Item{ID: i}
		if i > 0 {
			items[i].Deps = []int{i - 1}
		}
	}
	n := 0
	_ = Run(t.Context(), items, Config{Slots: 2, Skip: func(id int, _ bool) bool { return id > 0 },
		Done: func(int, Kind) { n++ },
		Work: func(context.Context, int, bool) Verdict { return Verdict{Kind: Same} }})
	if n != len(items) {
		t.Errorf("%d of %d settled", n, len(items))
	}
}
