package state

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file privately: what is written to the bytes stays in this process. All pages are there when it returns,
// as all will be checked; they are made writable only then, since populating a writable private mapping copies each page.
func mapFile(path string) ([]byte, func() error, error) {
	return mapWith(path, func(f *os.File, size int) ([]byte, error) {
		b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
		if err != nil {
			return nil, err
		}
		if err := unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE); err != nil {
			unix.Munmap(b)
			return nil, err
		}
		return b, nil
	})
}
