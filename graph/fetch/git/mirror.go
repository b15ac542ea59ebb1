package git

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// mirror is a bare repository that holds what was asked for of another one. Its layout is git's own; what is ours:
//
//	refs/cairn/commits/<id>   this commit, its tree and all below it are here; written after they are
//	refs/cairn/seen/<hash>    what a ref (hashed by its name) led to when the server was last asked
//	refs/cairn/tip/<hash>     a ref that go-git fetched alone
//	refs/cairn/remote/...     the server's refs, as of the last time that all of them were fetched
//	refs/cairn/history/<id>   what led to this commit was asked for; the file "shallow" says where it still ends
//
// <dir>.lock is locked by whoever writes, by flock, which ends with its holder. Reading needs no lock to be right, objects are only
// added; <dir>.use is locked by readers so that the mirror is not removed meanwhile. A missing or damaged mirror is made anew.
type mirror struct {
	dir    string
	sha256 bool
}

func (f *Fetcher) mirrorOf(a address, suffix string, sha256 bool) *mirror {
	name := a.id + suffix
	if sha256 {
		name += ".sha256"
	}
	return &mirror{dir: filepath.Join(f.o.Dir, name), sha256: sha256}
}

// create makes the repository, without git and without its templates.
func (m *mirror) create() error {
	if _, err := os.Stat(filepath.Join(m.dir, "HEAD")); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(m.dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(m.dir), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n"
	if m.sha256 {
		config = strings.Replace(config, "= 0", "= 1", 1) + "[extensions]\n\tobjectformat = sha256\n"
	}
	for _, d := range []string{"objects/pack", "objects/info", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(tmp, d), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"HEAD": "ref: refs/heads/none\n", "config": config} {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.Rename(tmp, m.dir); err != nil {
		return fmt.Errorf("make the mirror: %w", err)
	}
	return nil
}

// lock waits for its turn to write.
func (m *mirror) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(m.dir), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(m.dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// sweep removes what a process that was killed left behind: locks that git itself would wait for in vain, and old
// unfinished packs. The caller holds the lock.
func (m *mirror) sweep() {
	for _, name := range []string{"shallow.lock", "packed-refs.lock", "HEAD.lock", "config.lock", "FETCH_HEAD.lock"} {
		os.Remove(filepath.Join(m.dir, name))
	}
	filepath.WalkDir(filepath.Join(m.dir, "refs"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(p, ".lock") {
			os.Remove(p)
		}
		return nil
	})
	old, err := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "tmp_*"))
	if err != nil {
		return // the pattern is well formed
	}
	for _, p := range old {
		if fi, err := os.Stat(p); err == nil && time.Since(fi.ModTime()) > time.Hour {
			os.Remove(p)
		}
	}
}

// discard moves a damaged mirror out of the way and removes it.
func (m *mirror) discard(ctx context.Context) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	tmp, err := os.MkdirTemp(filepath.Dir(m.dir), ".damaged-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Rename(m.dir, filepath.Join(tmp, "mirror")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func commitRef(id string) string { return "refs/cairn/commits/" + id }

func historyRef(id string) string { return "refs/cairn/history/" + id }

func seenRef(ref string) string {
	h := sha256.Sum256([]byte(ref))
	return "refs/cairn/seen/" + hex.EncodeToString(h[:16])
}

// has says whether a commit and all that is in it are here.
func (m *mirror) has(commit string) bool { return m.ref(commitRef(commit)) == commit }

// ref gives what one of our refs holds, "" for nothing. Somebody may have packed them.
func (m *mirror) ref(name string) string {
	if b, err := os.ReadFile(filepath.Join(m.dir, filepath.FromSlash(name))); err == nil {
		return strings.TrimSpace(string(b))
	}
	f, err := os.Open(filepath.Join(m.dir, "packed-refs"))
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if id, n, ok := strings.Cut(s.Text(), " "); ok && n == name {
			return id
		}
	}
	return ""
}

// setRef writes one of our refs. Anybody may, at any time: it needs no lock.
func (m *mirror) setRef(name, id string) error {
	file := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(m.dir, ".ref-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already where the rename succeeded
	_, err = tmp.WriteString(id + "\n")
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	return err
}

// shallow says whether some history is left out.
func (m *mirror) shallow() bool {
	fi, err := os.Stat(filepath.Join(m.dir, "shallow"))
	return err == nil && fi.Size() > 0
}

// deep says whether history was asked for. What is fetched from then on must not cut it off again.
func (m *mirror) deep() bool {
	names, err := os.ReadDir(filepath.Join(m.dir, "refs/cairn/history"))
	return err == nil && len(names) > 0
}

// ends gives the commits whose parents are left out.
func (m *mirror) ends() map[string]bool {
	out := map[string]bool{}
	b, err := os.ReadFile(filepath.Join(m.dir, "shallow"))
	if err != nil {
		return out // a whole history has no such file
	}
	for id := range strings.FieldsSeq(string(b)) {
		out[id] = true
	}
	return out
}

// tags gives the server's tags as of the last time that all refs were fetched, by full name.
func (m *mirror) tags() (refs, error) {
	out := refs{}
	const prefix = "refs/cairn/remote/tags/"
	if b, err := os.ReadFile(filepath.Join(m.dir, "packed-refs")); err == nil {
		for line := range strings.Lines(string(b)) {
			if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, prefix) {
				out["refs/tags/"+name[len(prefix):]] = id
			}
		}
	}
	dir := filepath.Join(m.dir, filepath.FromSlash(prefix))
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if rel, ok := strings.CutPrefix(filepath.ToSlash(p), filepath.ToSlash(dir)+"/"); ok && err == nil {
			out["refs/tags/"+rel] = strings.TrimSpace(string(b))
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return out, err
}
