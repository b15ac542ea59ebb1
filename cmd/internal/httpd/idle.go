package httpd

import (
	"context"
	"time"
)

// WaitIdle returns when a service has been at rest for so long, or with ctx's error where that ends first. Look says whether it is at rest
// now, how long it has been unused, and which channel is closed when that changes.
func WaitIdle(ctx context.Context, quiet time.Duration, look func() (changed <-chan struct{}, unused time.Duration, resting bool)) error {
	for {
		changed, unused, resting := look()
		wait := quiet
		if resting {
			wait = quiet - unused
		}
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}
