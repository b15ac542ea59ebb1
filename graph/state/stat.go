package state

import "golang.org/x/sys/unix"

// Stat is what a file looked like from outside. The zero Stat stands for a file that is not there.
//
// The Stat of a source that is a symbolic link describes both the link and the file it leads to: Size, MtimeNS and Mode are
// the file's, CtimeNS and Ino are folded with the link's own facts, and Mode has ViaLink set. So a change of either is seen.
// Where a link leads nowhere, the Stat is the link's own.
type Stat struct {
	Size    int64
	MtimeNS int64
	CtimeNS int64
	Ino     uint64
	Mode    uint32 // as the kernel gives it: type and permissions
}

// ViaLink is set in the Mode of a Stat that was reached through a symbolic link.
const ViaLink = 1 << 31

// Missing says whether s stands for no file.
func (s Stat) Missing() bool { return s.Mode == 0 }

// Executable says whether a plain file's owner may execute it; the bit that enters keys.
func (s Stat) Executable() bool { return s.Mode&0o100 != 0 && s.IsRegular() }

// IsRegular, IsDir and IsLink tell what kind of file s describes.
func (s Stat) IsRegular() bool { return s.Mode&unix.S_IFMT == unix.S_IFREG }

// IsDir says whether s describes a folder.
func (s Stat) IsDir() bool { return s.Mode&unix.S_IFMT == unix.S_IFDIR }

// IsLink says whether s describes a symbolic link itself.
func (s Stat) IsLink() bool { return s.Mode&unix.S_IFMT == unix.S_IFLNK }

// The kernel stamps files with a clock that ticks every 1, 3.3, 4 or 10 ms (CONFIG_HZ); 10 ms covers all. File systems that
// store whole seconds (FAT: every second one) are recognised by a stamp without a fraction.
const (
	tickNS   = 10_000_000
	secondNS = 1_000_000_000
)

func racy(stamp, now int64) bool {
	grain := int64(tickNS)
	if stamp%secondNS == 0 {
		grain = 2 * secondNS
	}
	return stamp > now-grain
}

// RacyAt says whether a file with these facts could be changed after the moment now (nanoseconds since 1970) and still
// have the same facts, because its last change is too recent. The moment is the one before the content was looked at. Any
// write sets ctime to the current time and no one can set it back, so ctime decides; a clock that was set back makes
// stamps of the future, which are racy until it has caught up.
func (s Stat) RacyAt(now int64) bool { return racy(s.CtimeNS, now) }

// PlacedRacyAt is RacyAt for outputs, whose ctime says nothing (a hard link made elsewhere changes it): mtime decides. Who
// materializes an output can set its mtime back by RacyNS, or link to an old file, and it is never racy.
func (s Stat) PlacedRacyAt(now int64) bool { return racy(s.MtimeNS, now) }

// RacyNS is how far back, in nanoseconds, an mtime with a fraction of a second must lie not to be racy.
const RacyNS = 2 * tickNS

// via folds a link's own facts into those of the file it leads to.
func via(link, file Stat) Stat {
	h := mix(mix(mix(0, link.Ino), uint64(link.MtimeNS)), uint64(link.CtimeNS))
	// The later change decides whether the pair is racy; the fold keeps the earlier one.
	early, late := min(link.CtimeNS, file.CtimeNS), max(link.CtimeNS, file.CtimeNS)
	file.CtimeNS = late
	file.Ino = mix(mix(h, file.Ino), uint64(early))
	file.Mode |= ViaLink
	return file
}

// mix is one step of a 64-bit hash over words that are themselves well spread or compared for equality only.
func mix(h, w uint64) uint64 {
	h = (h ^ w) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}

func fromUnix(u *unix.Stat_t) Stat {
	return Stat{
		Size:    u.Size,
		MtimeNS: int64(u.Mtim.Sec)*secondNS + int64(u.Mtim.Nsec),
		CtimeNS: int64(u.Ctim.Sec)*secondNS + int64(u.Ctim.Nsec),
		Ino:     uint64(u.Ino),
		Mode:    uint32(u.Mode),
	}
}

// StatSource takes the facts of a source, an evaluation read or a tool's file, links looked through. A file that is not
// there gives the zero Stat and no error.
func StatSource(path string) (Stat, error) {
	var u unix.Stat_t
	if err := lstat(path, &u); err != nil {
		if err == unix.ENOENT || err == unix.ENOTDIR {
			return Stat{}, nil
		}
		return Stat{}, err
	}
	s := fromUnix(&u)
	if !s.IsLink() {
		return s, nil
	}
	if err := stat(path, &u); err != nil {
		return s, nil
	}
	return via(s, fromUnix(&u)), nil
}

// StatPlaced takes the facts of an output, or of an entry of an output tree; links are not looked through. A file that is
// not there gives the zero Stat and no error.
func StatPlaced(path string) (Stat, error) {
	var u unix.Stat_t
	if err := lstat(path, &u); err != nil {
		if err == unix.ENOENT || err == unix.ENOTDIR {
			return Stat{}, nil
		}
		return Stat{}, err
	}
	return fromUnix(&u), nil
}

func lstat(path string, u *unix.Stat_t) error {
	return retry(func() error { return unix.Lstat(path, u) })
}
func stat(path string, u *unix.Stat_t) error {
	return retry(func() error { return unix.Stat(path, u) })
}

func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}
