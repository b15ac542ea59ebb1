// Package cache says what a place for bytes is. It decides nothing: what a key means is graph's matter. Stores live in
// packages below it; cachetest is the suite that each of them passes.
package cache

import (
	"errors"
	"fmt"
	"io"

	"github.com/cairn-build/cairn/cache/digest"
)

// ErrMissing says that a store has no such blob. Test with errors.Is.
var ErrMissing = errors.New("not in the cache")

// CorruptError says that stored bytes were not what their name says. The store has already put them aside, so that the
// next look-up is a miss; test with errors.As. It wraps ErrMissing.
type CorruptError struct {
	Digest digest.Digest // zero where what was stored there cannot be told any more
	Where  string        // the file, for people
}

// Error implements error.
func (e *CorruptError) Error() string {
	if e.Digest.IsZero() {
		return e.Where + ": damaged; put aside"
	}
	return fmt.Sprintf("%s: the bytes are not those of %s; put aside", e.Where, e.Digest.Short())
}

// Unwrap makes a corrupt blob a missing one.
func (e *CorruptError) Unwrap() error { return ErrMissing }

// Blobs holds bytes under their digests. All methods are safe for concurrent use, also by several processes. What Get and
// Open hand out has been verified: Open's reader gives a *CorruptError in place of io.EOF where the bytes are wrong.
type Blobs interface {
	// Has says which of ds are missing, in order.
	Missing(ds []digest.Digest) ([]digest.Digest, error)
	// Get gives a whole blob; ErrMissing where there is none. The caller must not change the bytes.
	Get(d digest.Digest) ([]byte, error)
	// Open streams a blob; ErrMissing where there is none.
	Open(d digest.Digest) (io.ReadCloser, error)
	// Put stores b and gives its digest. Storing what is there is cheap.
	Put(b []byte) (digest.Digest, error)
	// PutFile stores the file at path as it is at this moment, hashing what is stored.
	PutFile(path string) (digest.Digest, error)
}

// Kind tells spaces of records apart. The values are part of the on-disk format.
type Kind uint8

const (
	Result   Kind = 1 // full key -> action result
	Manifest Kind = 2 // narrow key -> manifests of inputs that were read
	KeyParts Kind = 3 // full key -> named components
	Tool     Kind = 4 // identity of a host program, by its stat facts
	Tree     Kind = 5 // facts about a tree
)

// Records maps keys to small values; the last write of a key wins. Safe for concurrent use, also by several processes.
type Records interface {
	// Lookup gives a key's value, false where there is none. A damaged record counts as none.
	Lookup(k Kind, key digest.Hash) ([]byte, bool)
	// Record sets a key's value. The value is visible to other processes when it returns.
	Record(k Kind, key digest.Hash, value []byte) error
	// Forget removes a key.
	Forget(k Kind, key digest.Hash) error
}
