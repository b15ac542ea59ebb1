package load

import (
	"io/fs"
	"syscall"
)

func statOf(fi fs.FileInfo) Stat {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return Stat{Size: fi.Size(), MtimeNS: fi.ModTime().UnixNano(), Mode: uint32(fi.Mode())}
	}
	return Stat{Size: st.Size, MtimeNS: syscall.TimespecToNsec(st.Mtimespec), CtimeNS: syscall.TimespecToNsec(st.Ctimespec),
		Inode: st.Ino, Mode: uint32(st.Mode)}
}
