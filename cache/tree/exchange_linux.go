package tree

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exchange swaps two names of r at one moment. errors.ErrUnsupported says that this file system cannot.
func exchange(r *os.Root, a, b string) error {
	f, err := r.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.Renameat2(int(f.Fd()), a, int(f.Fd()), b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return err
}
