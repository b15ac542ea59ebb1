package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// outFolder is cairn-out as outputs come into it. What lies there is cairn's own: a file or a link where a folder belongs
// makes room for it. No link is ever followed, so that nothing is written or removed outside. Safe for concurrent use.
type outFolder struct {
	root string // of the workspace
	made sync.Map
}

// put calls f, which puts an output at rel, with all ready for it. What f finds in its way is removed, what somebody has
// removed meanwhile is made again.
func (o *outFolder) put(rel string, isTree bool, f func() error) error {
	for try := 0; ; try++ {
		err := o.folder(path.Dir(rel))
		if err == nil {
			err = f()
		}
		if err == nil || try == 2 {
			return err
		}
		switch fi, serr := os.Lstat(o.abs(path.Dir(rel))); {
		case serr != nil || !fi.IsDir(): // gone, or something else by now
			o.made.Clear()
			continue
		}
		if fi, serr := os.Lstat(o.abs(rel)); isTree || serr != nil || !fi.IsDir() || o.remove(rel) != nil {
			return err
		}
	}
}

// ready makes the folder of an output that a command is about to write at its place.
func (o *outFolder) ready(rel string) error { return o.folder(path.Dir(rel)) }

func (o *outFolder) abs(rel string) string { return filepath.Join(o.root, filepath.FromSlash(rel)) }

// folder makes a folder of cairn-out and those above it. Each is looked at once.
func (o *outFolder) folder(rel string) error {
	if _, ok := o.made.Load(rel); ok {
		return nil
	}
	if up := path.Dir(rel); up != "." {
		if err := o.folder(up); err != nil {
			return err
		}
	}
	at := o.abs(rel)
	for try := 0; ; try++ {
		err := os.Mkdir(at, 0o755)
		if errors.Is(err, fs.ErrExist) {
			var fi fs.FileInfo
			if fi, err = os.Lstat(at); err == nil && !fi.IsDir() {
				if rel == rule.OutDir {
					return notOurs()
				}
				if err = os.Remove(at); err == nil && try < 3 {
					continue
				}
			}
		}
		if err == nil {
			o.made.Store(rel, true)
		}
		return err
	}
}

func notOurs() error {
	return fmt.Errorf("%s is a link or a file: outputs go only to a folder, and what it stands for may not be cairn's; remove it", rule.OutDir)
}

// check says what is wrong with cairn-out, where it is not there to be used as a folder.
func (o *outFolder) check() error {
	if fi, err := os.Lstat(o.abs(rule.OutDir)); err == nil && !fi.IsDir() {
		return notOurs()
	}
	return nil
}

// remove removes an output, whatever it is. One that a link leads to stays.
func (o *outFolder) remove(rel string) error {
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		if fi, err := os.Lstat(o.abs(dir)); err != nil || !fi.IsDir() {
			return err
		}
	}
	r, err := os.OpenRoot(o.abs(path.Dir(rel)))
	if err != nil {
		return err
	}
	defer r.Close()
	return tree.RemoveAll(r, path.Base(rel))
}

// removeStale removes what lies in cairn-out for targets that are no longer there, with the folders that are empty then.
func (e *Engine) removeStale(old, now *state.Graph) {
	o := &outFolder{root: e.o.Root}
	for i := old.NumSources(); i < old.NumArtifacts(); i++ {
		p := old.Path(state.ArtifactID(i))
		if _, still := now.FindArtifact(p); still || !strings.HasPrefix(p, rule.OutDir+"/") {
			continue
		}
		if o.remove(p) != nil {
			continue
		}
		for dir := path.Dir(p); dir != rule.OutDir && dir != "."; dir = path.Dir(dir) {
			if fi, err := os.Lstat(o.abs(dir)); err == nil && (!fi.IsDir() || os.Remove(o.abs(dir)) != nil) {
				break
			}
		}
	}
}
