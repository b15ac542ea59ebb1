package build

import (
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
)

// Locked gives what a source is pinned to: its entry of the lock file.
func (l loaded) Locked(kind string, of label.Label) map[string]string {
	entry, _ := l.ws.Lock.Get(load.LockKey{Kind: kind, Label: of})
	return entry
}
