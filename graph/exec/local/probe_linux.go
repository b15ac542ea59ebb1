package local

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec/local/box"
)

// namespaceChecks tries the kinds of namespaces one by one, each together with a user namespace.
func namespaceChecks() []Check {
	var out []Check
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		fd, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLOEXEC)
		c := Check{Name: "kernel " + unix.ByteSliceToString(u.Release[:]), OK: err == nil}
		if err == nil {
			err = unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &unix.MountAttr{})
			unix.Close(fd)
			c.OK = err != unix.ENOSYS
		}
		if !c.OK {
			c.Detail = "open_tree or mount_setattr is missing (Linux 5.12 has both): " + err.Error()
		}
		out = append(out, c)
	}
	for _, n := range []struct {
		name string
		flag uintptr
	}{
		{"user", 0}, {"mount", syscall.CLONE_NEWNS}, {"pid", syscall.CLONE_NEWPID}, {"net", syscall.CLONE_NEWNET},
		{"ipc", syscall.CLONE_NEWIPC}, {"uts", syscall.CLONE_NEWUTS}, {"cgroup", syscall.CLONE_NEWCGROUP},
	} {
		sys := namespaces(true)
		sys.Cloneflags = syscall.CLONE_NEWUSER | n.flag
		c := Check{Name: n.name + " namespace"}
		p, err := os.StartProcess("/proc/self/exe", []string{box.Name, box.Probe}, &os.ProcAttr{Sys: sys, Env: []string{},
			Files: []*os.File{nil, nil, nil}})
		if err == nil {
			var st *os.ProcessState
			if st, err = p.Wait(); err == nil && !st.Success() {
				c.Detail = st.String()
			}
		}
		if err != nil {
			c.Detail = err.Error()
		}
		c.OK = c.Detail == ""
		out = append(out, c)
	}
	return out
}
