package build

import "testing"

func TestLanes(t *testing.T) {
	var l lanes
	for want := range 130 {
		if got := l.take(); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
	for _, n := range []int{100, 3, 64} {
		l.free(n)
	}
	for _, want := range []int{3, 64, 100, 130} {
		if got := l.take(); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}
