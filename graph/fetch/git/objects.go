package git

import (
	"context"
	"errors"
	"fmt"
	"io"

	"crypto"
	"crypto/sha256"
	"hash"

	githash "github.com/go-git/go-git/v5/plumbing/hash"
)

// objectStore reads the objects of a mirror. It is used by one goroutine.
type objectStore interface {
	// open gives an object. What it says is not proved yet: the caller hashes it. A *damagedError where it is not there. The
	// reader is read to its end, or closed, before the next call.
	open(id string) (*object, error)
	// kind gives "commit", "tree", "blob" or "tag", "" where there is no such object.
	kind(id string) (string, error)
	// starting gives the ids of all objects that start so.
	starting(prefix string) ([]string, error)
	// sha256 says by what objects are named.
	sha256() bool
	close() error
}

type object struct {
	kind string
	size int64
	io.ReadCloser
}

// damagedError says that a mirror does not hold what it should.
type damagedError struct{ id, how string }

// Error implements error.
func (e *damagedError) Error() string { return fmt.Sprintf("object %s %s", e.id, e.how) }

// objects opens the objects of m: through a process of git's where there is git, by go-git otherwise.
func (f *Fetcher) objects(ctx context.Context, m *mirror) (objectStore, error) {
	if path := f.git(); path != "" {
		return openCatFile(ctx, &system{path: path, environ: f.o.Environ}, m)
	}
	if m.sha256 {
		return nil, errors.New("a repository that names objects by SHA-256 needs git on PATH")
	}
	return openStorage(m), nil
}

// maxMeta bounds commits and trees, which are read into memory.
const maxMeta = 256 << 20

// proving hashes what is read of an object and compares it with its id at the end. SHA-1 is computed by the variant that
// notices the known ways to make collisions.
type proving struct {
	o    *object
	id   string
	h    hash.Hash
	left int64
}

func prove(s objectStore, id, kind string) (*proving, error) {
	o, err := s.open(id)
	if err != nil {
		return nil, err
	}
	if o.kind != kind {
		o.Close()
		return nil, &damagedError{id, fmt.Sprintf("is a %s, not a %s", o.kind, kind)}
	}
	p := &proving{o: o, id: id, left: o.size}
	if s.sha256() {
		p.h = sha256.New()
	} else {
		p.h = githash.New(crypto.SHA1)
	}
	fmt.Fprintf(p.h, "%s %d\x00", kind, o.size)
	return p, nil
}

// Read implements io.Reader: io.EOF comes only after the whole object has proved to be what its id says.
func (p *proving) Read(b []byte) (int, error) {
	n, err := p.o.Read(b)
	p.h.Write(b[:n])
	p.left -= int64(n)
	if err == io.EOF {
		if p.left != 0 || fmt.Sprintf("%x", p.h.Sum(nil)) != p.id {
			return n, &damagedError{p.id, "has other bytes than its id says"}
		}
	} else if err != nil && !errors.As(err, new(*damagedError)) {
		err = &damagedError{p.id, "cannot be read: " + err.Error()}
	}
	return n, err
}

// Close implements io.Closer.
func (p *proving) Close() error { return p.o.Close() }

// readAll gives the bytes of a commit or tree.
func readAll(s objectStore, id, kind string) ([]byte, error) {
	p, err := prove(s, id, kind)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if p.o.size > maxMeta {
		return nil, fmt.Errorf("%s %s has %d bytes", kind, id, p.o.size)
	}
	return io.ReadAll(p)
}
