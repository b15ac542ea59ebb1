package toolset

import "syscall"

func factOf(path string) fact {
	var st syscall.Stat_t
	if syscall.Lstat(path, &st) != nil {
		return fact{}
	}
	return fact{size: st.Size, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(), ino: st.Ino, mode: st.Mode}
}
