package load

import "github.com/cairn-build/cairn/cache/digest"

// ReadSource reads a file of the workspace for a rule, and records that it was read.
func (w *Workspace) ReadSource(path string) ([]byte, error) { return w.l.rec.file(path) }

// RulesAlone says whether a file that was read was so by rules alone, each of which knows for which target, and by no BUILD file.
func (w *Workspace) RulesAlone(path string) bool { return w.l.rec.rulesAlone(path) }

// HashDir gives the DirDigest of a folder as it is now; dir is relative to root.
func HashDir(root, dir string) (digest.Hash, error) {
	entries, err := Disk(root).ReadDir(dir)
	if err != nil {
		return digest.Hash{}, err
	}
	return DirDigest(entries), nil
}
