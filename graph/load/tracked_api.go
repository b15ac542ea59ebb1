package load

import "github.com/cairn-build/cairn/cache/digest"

// ReadSource reads a file of the workspace for a rule, and records that it was read.
func (w *Workspace) ReadSource(path string) ([]byte, error) { return w.l.rec.file(path) }

// HashDir gives the DirDigest of a folder as it is now; dir is relative to root.
func HashDir(root, dir string) (digest.Hash, error) {
	entries, err := Disk(root).ReadDir(dir)
	if err != nil {
		return digest.Hash{}, err
	}
	return DirDigest(entries), nil
}
