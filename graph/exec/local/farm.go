package local

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/local/sweep"
	"github.com/cairn-build/cairn/graph/toolset"
)

// farms makes folders of links to programs, one for each set of tools: what commands have as PATH. With a place that lasts,
// later processes find them there: making and removing the 150 links of the posix set takes longer than most commands.
//
//	<dir>/<key>               leads to the folder that counts
//	<dir>/<key>-<id>/         the links; a new folder has a new name, as workers tell what they show by its path
//	<dir>/<key>-<id>/.made    a link to nothing, see sign: a command without a sandbox may have written into the folder since
type farms struct {
	dir  string // the place that lasts, "" where there is none
	mu   sync.Mutex
	made map[string]farm // by key, behind the stage's folder where there is no such place
}

// farm is a folder of links as it was when this process made or found it.
type farm struct{ dir, stamp string }

// farm gives the folder for a kit. What is no longer as it was, for somebody removed the state or wrote there, is made again.
func (r *Runner) farm(st *stage, k *kit) (farm, error) {
	f := &r.farms
	f.mu.Lock()
	defer f.mu.Unlock()
	id := k.key
	if f.dir == "" {
		id = st.bin() + "/" + k.key
	}
	if m, ok := f.made[id]; ok && stampOf(m.dir) == m.stamp {
		return m, nil
	}
	dir, err := f.lasting(k)
	if dir == "" && err == nil {
		dir = filepath.Join(st.bin(), k.key)
		_ = sweep.Tree(dir)
		err = plant(dir, k.progs)
	}
	if err != nil {
		return farm{}, err
	}
	if f.made == nil {
		f.made = map[string]farm{}
	}
	m := farm{dir, stampOf(dir)}
	f.made[id] = m
	return m, nil
}

// lasting finds the folder in the place that lasts, or makes it there; "" where that cannot be.
func (f *farms) lasting(k *kit) (string, error) {
	if f.dir == "" {
		return "", nil
	}
	now := filepath.Join(f.dir, k.key)
	if name, err := os.Readlink(now); err == nil && holds(filepath.Join(f.dir, name)) {
		return filepath.Join(f.dir, name), nil
	}
	var id [6]byte
	_, _ = rand.Read(id[:])
	name := k.key + "-" + hex.EncodeToString(id[:])
	dir := filepath.Join(f.dir, name)
	if os.MkdirAll(f.dir, 0o777) != nil {
		f.dir = ""
		return "", nil
	}
	if err := plant(dir, k.progs); err != nil {
		return "", err
	}
	// One that another process has just made is in its use: the later of the two is the one that lasts.
	if !sign(dir) || os.Symlink(name, dir+".new") != nil || os.Rename(dir+".new", now) != nil {
		_ = sweep.Tree(dir)
		f.dir = ""
		return "", nil
	}
	return dir, nil
}

// signature is the name of the link in a lasting folder that says what the folder was like when it was made.
const signature = ".made"

// sign notes how a folder is, in itself, so that both take their place at once.
func sign(dir string) bool {
	past := time.Now().Add(-time.Minute).Truncate(time.Second) // so that a change shows however soon it comes
	fi, err := os.Lstat(dir)
	if err != nil || os.Symlink(stamp(fi, past), filepath.Join(dir, signature)) != nil {
		return false
	}
	return os.Chtimes(dir, past, past) == nil && holds(dir)
}

// holds says whether a folder is as it was when it was made.
func holds(dir string) bool {
	was, err := os.Readlink(filepath.Join(dir, signature))
	return err == nil && was == stampOf(dir)
}

// stampOf tells a folder as it is from one to which something was added, or which is another; "" for one that is not there.
func stampOf(dir string) string {
	fi, err := os.Lstat(dir)
	if err != nil || !fi.IsDir() {
		return ""
	}
	return stamp(fi, fi.ModTime())
}

func stamp(fi os.FileInfo, changed time.Time) string {
	ino := uint64(0)
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		ino = st.Ino
	}
	return fmt.Sprint(ino, changed.UnixNano())
}

// plant makes a folder of links.
func plant(dir string, progs map[string]string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for name, p := range progs {
		if toolset.IsFolder(name) {
			continue
		}
		if name == "" || strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			return fmt.Errorf("a program cannot be called %q", name)
		}
		if err := os.Symlink(p, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
