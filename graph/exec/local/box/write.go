package box

import "golang.org/x/sys/unix"

// WriteAll writes all of b to a descriptor that is no business of the runtime's poller.
func WriteAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
