package state

import (
	"iter"
	"math/bits"
)

// Bitset is a set of small numbers. The nil Bitset holds every number: it is what "all" costs.
type Bitset []uint64

// NewBitset makes an empty set for numbers below n.
func NewBitset(n int) Bitset {
	// Never nil, as nil means all.
	return make(Bitset, max(1, words(n)))
}

func words(n int) int { return (n + 63) / 64 }

// Has says whether i is in the set.
func (b Bitset) Has(i int) bool {
	if b == nil {
		return true
	}
	w := i >> 6
	return w < len(b) && b[w]&(1<<(i&63)) != 0
}

// Add puts i into the set and says whether it was not there before. The set must have been made for i.
func (b Bitset) Add(i int) bool {
	w, m := i>>6, uint64(1)<<(i&63)
	if b[w]&m != 0 {
		return false
	}
	b[w] |= m
	return true
}

// Count is how many of the numbers below n are in the set.
func (b Bitset) Count(n int) int {
	if b == nil {
		return n
	}
	c := 0
	for _, w := range b {
		c += bits.OnesCount64(w)
	}
	return c
}

// Below yields the members below n in order.
func (b Bitset) Below(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if b == nil {
			for i := range n {
				if !yield(i) {
					return
				}
			}
			return
		}
		for w, x := range b {
			for x != 0 {
				i := w<<6 + bits.TrailingZeros64(x)
				if i >= n || !yield(i) {
					return
				}
				x &= x - 1
			}
		}
	}
}
