package build

import "math/bits"

// lanes number those who are at work at once, each with the lowest number that is free: so that a picture of a build has a row for
// each. They are used under the session's mu.
type lanes []uint64

func (l *lanes) take() int {
	for i, w := range *l {
		if free := ^w; free != 0 {
			n := bits.TrailingZeros64(free)
			(*l)[i] |= 1 << n
			return i*64 + n
		}
	}
	*l = append(*l, 1)
	return (len(*l) - 1) * 64
}

func (l lanes) free(n int) { l[n/64] &^= 1 << (n % 64) }

// lane takes a number until the function that comes with it is called.
func (s *session) lane() (int, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lanes.take()
	return n, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lanes.free(n)
	}
}
