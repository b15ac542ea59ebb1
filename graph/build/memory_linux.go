package build

import "golang.org/x/sys/unix"

// memory is how much there is on this machine, in bytes, for actions that say what they need.
func memory() int64 {
	var si unix.Sysinfo_t
	if unix.Sysinfo(&si) != nil {
		return 0
	}
	return int64(si.Totalram) * int64(si.Unit)
}
