package watch

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// LimitError says that the system allows no more watches, and how to allow more.
type LimitError struct {
	Limit string // what was reached
	Mend  string // a command
}

// Error says both.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is reached (%s allows more)", e.Limit, e.Mend)
}

// System opens the events of this system. A *LimitError where it allows no more of them.
func System() (Source, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, limit(err, false)
	}
	return &system{w}, nil
}

type system struct{ w *fsnotify.Watcher }

func (s *system) Add(dir string) error {
	if err := s.w.Add(dir); err != nil {
		return limit(err, true)
	}
	return nil
}

func (s *system) Remove(dir string) error       { return s.w.Remove(dir) }
func (s *system) Events() <-chan fsnotify.Event { return s.w.Events }
func (s *system) Errors() <-chan error          { return s.w.Errors }
func (s *system) Close() error                  { return s.w.Close() }

// limit gives an error that says which limit was reached, where one was.
func limit(err error, adding bool) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return watchesLimit()
	case errors.Is(err, syscall.EMFILE) && !adding:
		return instancesLimit()
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return &LimitError{"the limit of open files", "ulimit -n 65536"}
	}
	return err
}
