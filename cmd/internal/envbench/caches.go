package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// copyCache copies one cache to another place, hard links as such: what `rsync -aH` does between machines.
func (b *bench) copyCache(from, to string) error {
	if err := figures.RemoveAll(to); err != nil {
		return err
	}
	return sh(b.Dir, nil, "cp", "-a", from, to)
}

// withBytecode is an environment of wheels that are downloaded and no more: they are unpacked and compiled.
func (b *bench) withBytecode() error {
	ws, err := b.envWorkspace(variants - 1)
	if err != nil {
		return err
	}
	if err := b.downloadOnly(ws); err != nil {
		return err
	}
	mine := &entry{name: "cairn, wheels downloaded, none installed", turns: b.slow,
		prepare: func(int) error {
			if err := figures.RemoveAll(filepath.Join(ws, "cairn-out")); err != nil {
				return err
			}
			return b.copyCache(b.Path("downloads"), b.Path("cache-bytecode"))
		},
		steps: func(int) []step { return []step{b.startEnv(ws, b.Path("cache-bytecode"))} },
		after: func(*sample) error { return b.made(ws, 1) }}
	theirs, err := b.uvFromWheels()
	if err != nil {
		return err
	}
	unpacked := b.uvSync("uv sync --frozen --compile-bytecode, unpacked", "--compile-bytecode", "--all-groups")
	unpacked.turns = b.slow
	if err := take(b.slow, theirs, unpacked, mine); err != nil {
		return err
	}
	b.table("a new environment, of downloaded wheels", theirs, unpacked, mine)
	b.Gate("compiling", mine.least(), scale(theirs.least(), 1.1), "1.1 x uv's that unpacks and compiles, too")
	return nil
}

// uvFromWheels gives what uv does where it has wheels in a folder and nothing in its cache, as cairn has none but downloads.
func (b *bench) uvFromWheels() (*entry, error) {
	wheels, requirements := b.Path("wheels"), b.Path("requirements.txt")
	if err := sh(b.Path("uv-project"), b.uvEnv(), b.uv, "export", "-q", "--frozen", "--no-hashes", "--no-emit-project", "--all-groups", "-o", requirements); err != nil {
		return nil, err
	}
	if err := sh(b.Dir, b.pipEnv(), b.python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", wheels, "-r", requirements); err != nil {
		return nil, err
	}
	venv := b.Path("venv-of-wheels")
	py := filepath.Join(venv, "bin/python")
	return &entry{name: "uv pip install --compile-bytecode, downloaded", turns: b.slow,
		prepare: func(int) error { return figures.RemoveAll(venv) },
		steps: func(int) []step {
			return []step{
				{b.Dir, b.uvEnv(), []string{b.uv, "venv", "-q", venv}},
				{b.Dir, b.uvEnv(), []string{b.uv, "pip", "install", "-q", "--python", py, "--no-cache", "--no-index", "--find-links", wheels, "--no-deps", "--compile-bytecode",
					"-r", requirements}},
				{b.Dir, nil, []string{py, "-c", hello}},
			}
		}}, nil
}

// downloadOnly makes a cache that has the wheels of a workspace's lock and nothing that is made of them: cairn is stopped when it
// begins to install.
func (b *bench) downloadOnly(ws string) error {
	for _, old := range []string{"downloads", "cache-bytecode"} {
		if err := figures.RemoveAll(b.Path(old)); err != nil {
			return err
		}
	}
	b.Note("downloading wheels")
	events := filepath.Join(ws, "events")
	c := exec.Command(b.Cairn, "build", "--events", events)
	c.Dir, c.Env = ws, append(os.Environ(), b.cairnEnv(b.Path("downloads"))...)
	if err := c.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return fmt.Errorf("cairn ended before it installed anything: %v", err)
		case <-tick.C:
		}
		text, err := os.ReadFile(events)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, `"type":"start"`) && strings.Contains(line, `"mnemonic":"Install"`) {
				_ = c.Process.Signal(os.Interrupt)
				<-done // it says that it was interrupted
				return nil
			}
		}
	}
}

// copied is an environment from the cache of another machine: nothing is built, but everything is looked at.
func (b *bench) copied() error {
	ws, err := b.envWorkspace(variants - 1)
	if err != nil {
		return err
	}
	if err := sh(ws, b.cairnEnv(b.Path("cache")), b.Cairn, "build"); err != nil {
		return err
	}
	var other, cache string
	mine := &entry{name: "cairn, cache copied to another place",
		prepare: func(turn int) (err error) {
			if cache != "" {
				if err := figures.RemoveAll(cache); err != nil {
					return err
				}
			}
			cache = b.Path(fmt.Sprintf("copied-%d", turn))
			if err := b.copyCache(b.Path("cache"), cache); err != nil {
				return err
			}
			other, err = b.envWorkspace(variants - 1)
			return err
		},
		steps: func(int) []step { return []step{b.startEnv(other, cache)} },
		after: func(*sample) error { return b.made(other, 0) }}
	floor := func(name string, each func(from, to string) error) *entry {
		return &entry{name: name,
			prepare: func(int) error { return figures.RemoveAll(b.Path("floor")) },
			call:    func() error { return overTree(b.size.tree, b.Path("floor"), each) }}
	}
	links := floor("floor: hard links", os.Link)
	reads := floor("floor: reads with SHA-256", func(from, _ string) error {
		f, err := os.Open(from)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(sha256.New(), f)
		return err
	})
	if err := take(b.turns, mine, links, reads); err != nil {
		return err
	}
	b.table("the environment from a copied cache", mine, links, reads)
	b.Gate("copied", mine.least(), scale(links.least()+reads.least(), 1.5), "1.5 x links and reads")
	return errors.Join(figures.RemoveAll(cache), figures.RemoveAll(b.Path("floor")))
}

// overTree makes a tree's folders anew at to, and does something for each of its files, on all processors.
func overTree(from, to string, each func(from, to string) error) error {
	type pair struct{ from, to string }
	work := make(chan pair, 256)
	var failed error
	var once sync.Once
	var group sync.WaitGroup
	for range runtime.NumCPU() {
		group.Go(func() {
			for p := range work {
				if err := each(p.from, p.to); err != nil {
					once.Do(func() { failed = err })
				}
			}
		})
	}
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := to + strings.TrimPrefix(p, from)
		switch {
		case d.IsDir():
			return os.Mkdir(at, 0o755)
		case d.Type().IsRegular():
			work <- pair{p, at}
		}
		return nil
	})
	close(work)
	group.Wait()
	return errors.Join(err, failed)
}

// ownCPU is what this process has used.
func ownCPU() time.Duration {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
