//go:build !linux

package exectest

const sysShmget = 0 // the sandbox that asks for it is Linux's
