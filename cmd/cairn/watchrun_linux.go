package main

import "syscall"

// programAttr gives a program a process group of its own, and lets it end with cairn, however that ends.
func programAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
