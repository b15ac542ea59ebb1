//go:build !linux

package state

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file privately: what is written to the bytes stays in this process.
func mapFile(path string) ([]byte, func() error, error) {
	return mapWith(path, func(f *os.File, size int) ([]byte, error) {
		return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	})
}
