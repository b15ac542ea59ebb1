package state

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func mapWith(path string, mmap func(*os.File, int) ([]byte, error)) ([]byte, func() error, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("not a file")
	}
	if info.Size() < headerSize {
		return nil, nil, errors.New("truncated")
	}
	b, err := mmap(f, int(info.Size()))
	if err != nil {
		return nil, nil, err
	}
	return b, func() error { return unix.Munmap(b) }, nil
}
