//go:build !linux

package watch

func watchesLimit() error { return &LimitError{"the limit of watches", "ulimit -n 65536"} }

func instancesLimit() error { return &LimitError{"the limit of open files", "ulimit -n 65536"} }

// Remote names the kind of file system that path lies on, where other machines can write to it without an event here; it
// knows none on this system.
func Remote(string) string { return "" }
