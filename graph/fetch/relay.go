package fetch

import "context"

// Relayer is a Fetcher that lets a client of its own kind ask through it, so that the client needs to know neither servers nor
// proxies, certificates or credentials.
type Relayer interface {
	// Relay begins to answer on this machine's loopback. The caller closes what it gives. Errors are as for Fetch. Safe for
	// concurrent use.
	Relay(ctx context.Context) (Relay, error)
}

// Relay is a place on this machine that one command's client asks. Its address is good for that command alone: it has a
// secret in it, and is gone after Close.
type Relay interface {
	// Env gives the client's variables, as "NAME=value".
	Env() []string
	// Err says what the servers behind it refused or failed to do, nil for nothing; it never holds credentials.
	Err() error
	// Close ends what is still under way.
	Close() error
}
