//go:build !linux

package main

import "syscall"

// programAttr gives a program a process group of its own.
func programAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
