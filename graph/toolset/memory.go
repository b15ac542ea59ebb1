package toolset

import (
	"crypto/sha256"
	"io"
	"os"
	"sync"

	"github.com/cairn-build/cairn/cache/digest"
)

// memory keeps what was read of files, as programs share their libraries. An entry counts only for the facts that its file
// had before it was read, so that a file that is replaced is read again. A file is read once at a time.
type memory struct {
	mu       sync.Mutex
	contents map[seen]func() (digest.Hash, error)
	objects  map[seen]func() *object
	ldcache  map[string][]string
	ldfact   fact
}

// seen is a file as it was at one moment.
type seen struct {
	path string
	fact fact
}

func newMemory() *memory {
	return &memory{contents: map[seen]func() (digest.Hash, error){}, objects: map[seen]func() *object{}}
}

// hash gives a file's content. The path leads through no link.
func (m *memory) hash(path string) (digest.Hash, error) {
	at := seen{path, factOf(path)}
	m.mu.Lock()
	f, ok := m.contents[at]
	if !ok {
		f = sync.OnceValues(func() (digest.Hash, error) { return hashFile(path) })
		m.contents[at] = f
	}
	m.mu.Unlock()
	return f()
}

// object gives what the loader reads of a file, nil for what is no ELF file. Links are looked through.
func (m *memory) object(path string) *object {
	links, err := chain(path)
	if err != nil {
		return nil
	}
	at := seen{path, factOf(links[len(links)-1])}
	m.mu.Lock()
	f, ok := m.objects[at]
	if !ok {
		f = sync.OnceValue(func() *object { return readObject(path) })
		m.objects[at] = f
	}
	m.mu.Unlock()
	return f()
}

func hashFile(path string) (digest.Hash, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest.Hash{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{f}, make([]byte, 256<<10)); err != nil {
		return digest.Hash{}, err
	}
	return digest.Hash(h.Sum(nil)), nil
}
