//go:build !linux

package supervise

// endMarked does nothing: who may see another process's environment differs from system to system.
func endMarked(string) {}
