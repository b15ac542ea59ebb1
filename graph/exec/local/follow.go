package local

import (
	"bytes"
	"os"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
)

const (
	followEvery = 50 * time.Millisecond // how late a line may be told
	followLine  = 64 << 10              // a line that is longer is told in pieces
)

// follower tells what a command says while it runs: it looks into the files that a worker keeps that in.
type follower struct {
	said  func(stderr bool, text []byte)
	files [2]*os.File
	at    [2]int64 // how much of each has been told
	stop  chan struct{}
	done  chan struct{}
}

// follow begins; the files are emptied, as the last command's words are still in them.
func (w *worker) follow(s *exec.Spawn) (*follower, error) {
	if s.Said == nil {
		return nil, nil
	}
	f := &follower{said: s.Said, files: [2]*os.File{w.stdout, w.stderr}, stop: make(chan struct{}), done: make(chan struct{})}
	for _, file := range f.files {
		if err := file.Truncate(0); err != nil {
			return nil, err
		}
	}
	go func() {
		defer close(f.done)
		t := time.NewTicker(followEvery)
		defer t.Stop()
		b := make([]byte, followLine)
		for {
			select {
			case <-f.stop:
				return
			case <-t.C:
				for i := range f.files {
					f.look(i, b)
				}
			}
		}
	}()
	return f, nil
}

// look tells the whole lines that have come since the last time.
func (f *follower) look(i int, b []byte) {
	for {
		n, _ := f.files[i].ReadAt(b, f.at[i]) // what cannot be read now is told at the end
		whole := bytes.LastIndexByte(b[:n], '\n') + 1
		if whole == 0 && n == len(b) {
			whole = n
		}
		if whole == 0 {
			return
		}
		f.said(i == 1, b[:whole])
		f.at[i] += int64(whole)
	}
}

// end ends the looking. Call it once, before what the command said is used.
func (f *follower) end() {
	if f != nil {
		close(f.stop)
		<-f.done
	}
}

// rest tells what has not been told of all that the command said.
func (f *follower) rest(out *exec.Outcome) {
	if f == nil {
		return
	}
	for i, text := range [2][]byte{out.Stdout, out.Stderr} {
		if int64(len(text)) > f.at[i] {
			f.said(i == 1, text[f.at[i]:])
		}
	}
}
