package git

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// packs is an objectStore that go-git reads.
type packs struct{ s *filesystem.Storage }

func openStorage(m *mirror) packs {
	return packs{filesystem.NewStorageWithOptions(osfs.New(m.dir), cache.NewObjectLRUDefault(),
		filesystem.Options{KeepDescriptors: true, LargeObjectThreshold: 16 << 20})}
}

func (s packs) open(id string) (*object, error) {
	o, err := s.s.EncodedObject(plumbing.AnyObject, plumbing.NewHash(id))
	if err != nil {
		return nil, &damagedError{id, "cannot be read: " + err.Error()}
	}
	r, err := o.Reader()
	if err != nil {
		return nil, &damagedError{id, "cannot be read: " + err.Error()}
	}
	return &object{o.Type().String(), o.Size(), r}, nil
}

func (s packs) kind(id string) (string, error) {
	o, err := s.s.EncodedObject(plumbing.AnyObject, plumbing.NewHash(id))
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return "", nil
	}
	if err != nil {
		return "", &damagedError{id, "cannot be read: " + err.Error()}
	}
	return o.Type().String(), nil
}

func (s packs) starting(prefix string) ([]string, error) {
	whole, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil {
		return nil, err
	}
	hashes, err := s.s.HashesWithPrefix(whole)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, h := range hashes {
		ids = append(ids, h.String())
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, prefix) }), nil
}

func (packs) sha256() bool { return false }

func (s packs) close() error { return s.s.Close() }
