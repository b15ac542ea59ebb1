// Package fetch says what it is to bring bytes from outside. The digest is declared beforehand; a fetcher only has to find
// bytes, not to trust them. Fetchers live below it and are wired in by cmd.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrOffline says that a fetch was needed while --offline forbade it.
var ErrOffline = errors.New("offline")

// Offlinef gives an error that is ErrOffline and says so in words of its own.
func Offlinef(format string, args ...any) error { return offlineError(fmt.Sprintf(format, args...)) }

type offlineError string

func (e offlineError) Error() string { return string(e) }

func (offlineError) Is(err error) bool { return err == ErrOffline }

// Request is one thing to bring. Params are the fetcher's own words.
type Request struct {
	Params   map[string]string
	SHA256   string
	GitTree  string                  // for FetchTree: the id of a tree object of git
	Progress func(done, total int64) // may be nil; total is -1 where unknown
	// Root is the workspace, for addresses that are relative to it.
	Root string
	// Offline forbids the network; what this machine has already may be used. Only FetchTree and Resolve are asked so.
	Offline bool
	// EmptySubmodules is as in rule.Fetch.
	EmptySubmodules bool
	// Submodules is as in rule.Fetch.
	Submodules bool
}

// Fetcher opens the bytes of a request. The caller hashes them and compares. Safe for concurrent use. Errors name what was
// asked for, and end with what the user can do; they never hold credentials.
type Fetcher interface {
	Fetch(ctx context.Context, r Request) (io.ReadCloser, error)
}

// Lister is a Fetcher that can say what files a package has.
type Lister interface {
	// Offers gives the files of the package that params name. Errors are as for Fetch. Safe for concurrent use.
	Offers(ctx context.Context, params map[string]string) ([]Offer, error)
}

// Offer is a file that an index has; SHA256 is "" where the index does not say.
type Offer struct{ File, SHA256 string }

// TreeFetcher is a Fetcher that brings whole trees.
type TreeFetcher interface {
	// FetchTree writes the tree r.GitTree into an empty folder: files with their executable bit, folders and links. It
	// proves what it writes by the ids of git's objects, so the caller need not. Errors are as for Fetch; a *DeclaredError
	// where what is declared is not there or cannot be a tree, ErrOffline (wrapped) where the network is needed and forbidden.
	// After an error the folder holds anything. Safe for concurrent use.
	FetchTree(ctx context.Context, r Request, into *os.Root) error
}

// Question is what a Resolver is asked.
type Question struct {
	Params map[string]string
	// Had is an earlier answer with its question, which may have been another. Where it serves, it is kept: only what is new
	// is asked for. nil: everything anew.
	Had map[string]string
	// Want are words that the answer must have besides those that it always has.
	Want    []string
	Root    string // as in Request
	Offline bool
	// LastSeen allows, with Offline, to give what the last answer over the network was.
	LastSeen bool
}

// Resolver is a Fetcher that finds out what a name that moves means now.
type Resolver interface {
	// Resolve gives the words that an entry of the lock file holds besides the question. Equal names at equal addresses have
	// one answer as long as the Resolver lives. Errors are as for FetchTree. Safe for concurrent use.
	Resolve(ctx context.Context, q Question) (map[string]string, error)
}

// DeclaredError says that what BUILD.hcl or the lock file declares is not there, or not what can be used. Asking again
// gives the same: it is the user's to mend, and not the network's fault.
type DeclaredError struct {
	Code    string // stable, for people to look up: "no-branch"
	Summary string
	Detail  string
	Hint    string
}

// Error implements error.
func (e *DeclaredError) Error() string {
	s := e.Summary
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}
