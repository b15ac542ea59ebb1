// Package fetch says what it is to bring bytes from outside. The digest is declared beforehand; a fetcher only has to find
// bytes, not to trust them. Fetchers live below it and are wired in by cmd.
package fetch

import (
	"context"
	"errors"
	"io"
)

// ErrOffline says that a fetch was needed while --offline forbade it.
var ErrOffline = errors.New("offline")

// Request is one thing to bring. Params are the fetcher's own words.
type Request struct {
	Params   map[string]string
	SHA256   string
	Progress func(done, total int64) // may be nil; total is -1 where unknown
}

// Fetcher opens the bytes of a request. The caller hashes them and compares. Safe for concurrent use. Errors name what was
// asked for, and end with what the user can do; they never hold credentials.
type Fetcher interface {
	Fetch(ctx context.Context, r Request) (io.ReadCloser, error)
}
