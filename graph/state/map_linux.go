package state

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mappedPager brings a mapped snapshot's hot part in at once, by reading: to populate a private mapping for writing would
// copy each page. Cold pages are let go; they stay in the page cache and come back when they are touched. It must not be
// used once facts have been set, which would be lost.
var mappedPager = pager{
	hot:  func(b []byte) { advise(b, unix.MADV_POPULATE_READ) },
	cold: func(b []byte) { advise(b, unix.MADV_DONTNEED) },
}

// advise is about the pages that lie wholly in b. Kernels that know no better may refuse; nothing depends on it.
func advise(b []byte, advice int) {
	if len(b) == 0 {
		return
	}
	page := unix.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (page - 1)
	if n := (len(b) - skip) &^ (page - 1); n > 0 {
		unix.Madvise(b[skip:skip+n], advice)
	}
}
