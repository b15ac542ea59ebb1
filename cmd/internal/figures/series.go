package figures

import (
	"fmt"
	"slices"
	"time"
)

// Series are the figures of one thing that was measured several times; at least one.
type Series []time.Duration

// Least gives the shortest.
func (s Series) Least() time.Duration { return slices.Min(s) }

// Middle gives the median.
func (s Series) Middle() time.Duration {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// Line prints them.
func (s Series) Line(name string) {
	fmt.Printf("  %-46s %10.1f ms least %10.1f ms median %5d turns\n", name, Millis(s.Least()), Millis(s.Middle()), len(s))
}

// Measure does something n times.
func Measure(n int, do func() (time.Duration, error)) (Series, error) {
	all, err := Turns(n, do)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Turns does each n times, in turn with the others, and gives the figures of each.
func Turns(n int, each ...func() (time.Duration, error)) ([]Series, error) {
	all := make([]Series, len(each))
	for range n {
		for i, do := range each {
			t, err := do()
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], t)
		}
	}
	return all, nil
}
