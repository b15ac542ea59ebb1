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
)

// farms makes folders of links to programs, one for each set of tools: what commands have as PATH. With a place that lasts,
// later processes find them there: making and removing the 150 links of the posix set takes longer than most commands.
//
//	<dir>/<key>/     the links
//	<dir>/<key>.ok   when the folder was last changed: a command without a sandbox may have written there since
type farms struct {
	dir  string // the place that lasts, "" where there is none
	mu   sync.Mutex
	made map[string]string // key, behind the stage's folder where there is no such place -> folder
}

// farm gives the folder for a kit.
func (r *Runner) farm(st *stage, k *kit) (string, error) {
	f := &r.farms
	f.mu.Lock()
	defer f.mu.Unlock()
	id := k.key
	if f.dir == "" {
		id = st.bin() + "/" + k.key
	}
	if dir, ok := f.made[id]; ok {
		return dir, nil
	}
	dir, err := f.lasting(k)
	if dir == "" && err == nil {
		dir = filepath.Join(st.bin(), k.key)
		err = plant(dir, k.progs)
	}
	if err != nil {
		return "", err
	}
	if f.made == nil {
		f.made = map[string]string{}
	}
	f.made[id] = dir
	return dir, nil
}

// lasting finds the folder in the place that lasts, or makes it there; "" where that cannot be.
func (f *farms) lasting(k *kit) (string, error) {
	if f.dir == "" {
		return "", nil
	}
	dir := filepath.Join(f.dir, k.key)
	if holds(dir) {
		return dir, nil
	}
	if os.MkdirAll(f.dir, 0o777) != nil {
		f.dir = ""
		return "", nil
	}
	var id [6]byte
	_, _ = rand.Read(id[:])
	fresh := filepath.Join(f.dir, "."+hex.EncodeToString(id[:]))
	defer sweep.Tree(fresh)
	if err := plant(fresh, k.progs); err != nil {
		return "", err
	}
	past := time.Now().Add(-time.Minute)
	_ = os.Chtimes(fresh, past, past) // so that a change shows however soon it comes
	// Another process may be at it too: the folders are the same.
	if err := os.Rename(fresh, dir); err != nil && !holds(dir) {
		// What is there is not as it was made, and may be in somebody's use.
		if os.Rename(dir, fresh+".old") != nil || os.Rename(fresh, dir) != nil {
			f.dir = ""
			return "", nil
		}
		_ = sweep.Tree(fresh + ".old")
	}
	if stamp := stampOf(dir); stamp != "" {
		_ = writeFile(dir+".ok", stamp)
	}
	return dir, nil
}

// writeFile puts a file in place atomically.
func writeFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".ok-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// stampOf tells a folder as it is from one to which something was added, or which is another; "" for one that is not there.
func stampOf(dir string) string {
	fi, err := os.Lstat(dir)
	if err != nil || !fi.IsDir() {
		return ""
	}
	ino := uint64(0)
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		ino = st.Ino
	}
	return fmt.Sprintln(ino, fi.ModTime().UnixNano())
}

// holds says whether a folder is as it was when it was made.
func holds(dir string) bool {
	b, err := os.ReadFile(dir + ".ok")
	return err == nil && len(b) > 0 && string(b) == stampOf(dir)
}

// plant makes a folder of links.
func plant(dir string, progs map[string]string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for name, p := range progs {
		if name == "" || strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			return fmt.Errorf("a program cannot be called %q", name)
		}
		if err := os.Symlink(p, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
