package main

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// hasReflinks says whether the file system of a file can share its blocks.
func hasReflinks(file string) bool {
	src, err := os.Open(file)
	if err != nil {
		return false
	}
	defer src.Close()
	dst, err := os.Create(file + ".clone")
	if err != nil {
		return false
	}
	defer os.Remove(dst.Name())
	defer dst.Close()
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil
}

// examineWatches reads how many folders may be watched.
func examineWatches() []finding {
	b, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	if err != nil {
		return []finding{{"watches", "note", err.Error(), ""}}
	}
	return []finding{{"watches", "ok", strings.TrimSpace(string(b)) + " folders at most", ""}}
}
