package build

import (
	"context"
	"path/filepath"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
)

// layerDir is where folders lie that hang on this machine (see rule.Layer).
func layerDir(c *disk.Cache) string { return filepath.Join(c.Dir(), "envs") }

// hold takes the lock of a key that is worked on inside of an action, and waits for whoever has it. The lock of one that died
// is given up by the system.
func (s *session) hold(ctx context.Context, label string, key digest.Hash) (func(), error) {
	said := false
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		l, owner, ok := s.store.LockKey(key)
		if ok {
			return l.Unlock, nil
		}
		if !said && !owner.Own {
			said = true
			s.e.emit(Event{Waiting: &WaitingEvent{Label: label, PID: owner.PID, Command: owner.Command}})
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}
