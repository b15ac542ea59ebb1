package disk

import (
	"encoding/hex"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// userCache is where a user's caches lie below HOME.
const userCache = ".cache"

// cloneFile makes dst share src's blocks. Errors of the kind "cannot be done here" match errors.ErrUnsupported, EXDEV or
// EINVAL.
func cloneFile(dst, src *os.File) error {
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd()))
}

// bootID tells boots of the machine apart; zero where that cannot be told, which counts as one endless boot.
func bootID() (id [16]byte) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id
	}
	h, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(b)), "-", ""))
	if err == nil {
		copy(id[:], h)
	}
	return id
}
