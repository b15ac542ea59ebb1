package disk

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// userCache is where a user's caches lie below HOME.
var userCache = filepath.Join("Library", "Caches")

// cloneFile is not done here: clonefile makes files of its own, and wants no open one.
func cloneFile(dst, src *os.File) error { return errors.ErrUnsupported }

// bootID tells boots of the machine apart; zero where that cannot be told, which counts as one endless boot.
func bootID() (id [16]byte) {
	if s, err := unix.Sysctl("kern.bootsessionuuid"); err == nil {
		sum := sha256.Sum256([]byte(s))
		copy(id[:], sum[:])
	}
	return id
}
