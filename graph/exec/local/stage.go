package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/cairn-build/cairn/graph/exec/local/box"
	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// stage is the folder that the trees of running actions lie in, one for each process and file system:
//
//	cairn-<uid>-<pid>-<random>/
//	  owner      locked for as long as the process lives; what nobody locks is swept by the next process
//	  bin/<hash> links to the programs of one set of tools
//	  done/<n>   trees of actions that ended and were not released yet
//	  slot/<n>/  one worker: area/{work,home}, tmp/, root/, stdout, stderr, log
type stage struct {
	dir    string
	memory bool // lies in memory that a large output can fill
	lock   *os.File
	seq    atomic.Int64
}

const stagePrefix = "cairn-"

// openStage makes the stage below base, and removes those of dead processes.
func openStage(base string) (*stage, error) {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, err
	}
	var id [6]byte
	_, _ = rand.Read(id[:])
	mine := stagePrefix + strconv.Itoa(os.Geteuid()) + "-"
	sweepStages(base, mine)
	dir := filepath.Join(base, mine+strconv.Itoa(os.Getpid())+"-"+hex.EncodeToString(id[:]))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s := &stage{dir: dir}
	var err error
	if s.lock, err = os.OpenFile(filepath.Join(dir, "owner"), os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		err = syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX)
	}
	for _, d := range []string{"bin", "done", "slot"} {
		if err == nil {
			err = os.Mkdir(filepath.Join(dir, d), 0o700)
		}
	}
	if err != nil {
		_ = sweep.Tree(dir)
		return nil, err
	}
	return s, nil
}

// sweepStages removes what processes that were killed left in base. A folder without its lock file is one that another
// process is just making.
func sweepStages(base, prefix string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		dir := filepath.Join(base, e.Name())
		f, err := os.OpenFile(filepath.Join(dir, "owner"), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			killStrays(dir)
			_ = sweep.Tree(dir)
		}
		f.Close()
	}
}

func (s *stage) close() error {
	err := sweep.Tree(s.dir)
	s.lock.Close()
	return err
}

// bin is where folders of links to programs lie that need not last.
func (s *stage) bin() string { return filepath.Join(s.dir, "bin") }

// next gives a path below kind that was not given before.
func (s *stage) next(kind string) string {
	return filepath.Join(s.dir, kind, strconv.FormatInt(s.seq.Add(1), 10))
}

// slot is the part of the stage that one worker uses.
type slot struct {
	st   *stage
	dir  string
	area string // holds work and home; <dir>/area, or a kept folder
}

func (s *stage) newSlot(area string) (*slot, error) {
	sl := &slot{st: s, dir: s.next("slot"), area: area}
	if err := os.Mkdir(sl.dir, 0o700); err != nil {
		return nil, err
	}
	dirs := []string{filepath.Join(sl.dir, "tmp"), filepath.Join(sl.dir, "root")}
	if area == "" {
		sl.area = filepath.Join(sl.dir, "area")
		dirs = append(dirs, sl.area)
	}
	for _, d := range dirs {
		if err := os.Mkdir(d, box.AreaMode); err != nil {
			return nil, err
		}
	}
	return sl, os.Chmod(sl.tmp(), box.TmpMode)
}

func (s *slot) work() string { return filepath.Join(s.area, "work") }
func (s *slot) home() string { return filepath.Join(s.area, "home") }
func (s *slot) tmp() string  { return filepath.Join(s.dir, "tmp") }

// fresh makes the empty folders that an action starts with.
func (s *slot) fresh() error {
	if err := mkdir(s.work()); err != nil {
		return err
	}
	return mkdir(s.home())
}

func mkdir(path string) error {
	err := os.Mkdir(path, 0o755)
	if errors.Is(err, os.ErrExist) {
		// What an action left there would be seen by the next one.
		if err = sweep.Tree(path); err == nil {
			err = os.Mkdir(path, 0o755)
		}
	}
	return err
}

// take moves the action's tree out of the slot, so that the slot can serve the next one.
func (s *slot) take() (string, error) {
	to := s.st.next("done")
	if err := os.Rename(s.work(), to); err != nil {
		return "", fmt.Errorf("cannot take the action's tree: %w", err)
	}
	return to, nil
}
