// Package mem is a store in memory, for tests.
package mem

import (
	"bytes"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// Store implements cache.Blobs and cache.Records. Its zero value is an empty store; safe for concurrent use.
type Store struct {
	mu      sync.Mutex
	blobs   map[digest.Digest][]byte
	records map[recordKey][]byte
}

type recordKey struct {
	kind cache.Kind
	key  digest.Hash
}

// New gives an empty store.
func New() *Store { return &Store{} }

// Missing implements cache.Blobs.
func (s *Store) Missing(ds []digest.Digest) ([]digest.Digest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []digest.Digest
	for _, d := range ds {
		if _, ok := s.blobs[d]; !ok && d != digest.Empty {
			missing = append(missing, d)
		}
	}
	return missing, nil
}

// Get implements cache.Blobs.
func (s *Store) Get(d digest.Digest) ([]byte, error) {
	if d == digest.Empty {
		return []byte{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[d]
	if !ok {
		return nil, cache.ErrMissing
	}
	if digest.Of(b) != d {
		delete(s.blobs, d)
		return nil, &cache.CorruptError{Digest: d, Where: "memory"}
	}
	return b, nil
}

// Open implements cache.Blobs.
func (s *Store) Open(d digest.Digest) (io.ReadCloser, error) {
	b, err := s.Get(d)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// Put implements cache.Blobs.
func (s *Store) Put(b []byte) (digest.Digest, error) {
	d := digest.Of(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs == nil {
		s.blobs = map[digest.Digest][]byte{}
	}
	if _, ok := s.blobs[d]; !ok {
		s.blobs[d] = slices.Clone(b)
	}
	return d, nil
}

// PutFile implements cache.Blobs.
func (s *Store) PutFile(path string) (digest.Digest, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return digest.Digest{}, err
	}
	return s.Put(b)
}

// Lookup implements cache.Records.
func (s *Store) Lookup(k cache.Kind, key digest.Hash) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.records[recordKey{k, key}]
	return v, ok
}

// Record implements cache.Records.
func (s *Store) Record(k cache.Kind, key digest.Hash, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = map[recordKey][]byte{}
	}
	s.records[recordKey{k, key}] = append([]byte{}, value...)
	return nil
}

// Forget implements cache.Records.
func (s *Store) Forget(k cache.Kind, key digest.Hash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, recordKey{k, key})
	return nil
}

// Damage flips a bit of a stored blob, for tests of what notices.
func (s *Store) Damage(d digest.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := slices.Clone(s.blobs[d]); len(b) > 0 {
		b[len(b)/2] ^= 1
		s.blobs[d] = b
	}
}
