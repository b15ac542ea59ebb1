package toolset

import "syscall"

func factOf(path string) fact {
	var st syscall.Stat_t
	if syscall.Lstat(path, &st) != nil {
		return fact{}
	}
	return fact{size: st.Size, mtime: st.Mtimespec.Nano(), ctime: st.Ctimespec.Nano(), ino: st.Ino, mode: uint32(st.Mode)}
}
