package flowserver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/supervise"
)

// The states of a run.
const (
	running = "running"
	done    = "done"
	failed  = "failed"
	stopped = "stopped" // somebody asked for it
)

// run is one run of a workflow: a process group, a folder for its results, and what was heard of it.
type run struct {
	id      string
	key     string // leads the addresses of its files; who knows it may read them
	home    string
	results string
	began   time.Time
	now     func() time.Time
	grace   time.Duration
	proc    *supervise.Process
	over    chan struct{} // closed when no process is left and the end is told

	events history

	mu    sync.Mutex
	asked bool // to stop
	end   ending
}

// ending is how a run ended, as clients are told.
type ending struct {
	ID      string          `json:"id"`
	State   string          `json:"state"`
	Seconds float64         `json:"seconds"`
	Result  json.RawMessage `json:"result"`
	Error   *string         `json:"error"`
	Trace   json.RawMessage `json:"trace"`
	Dir     string          `json:"dir"`
	Files   []resultFile    `json:"files"`
}

// newRun starts a run. The service's lock is held.
func newRun(s *Server, f *flow, params []byte, ask startRequest) (*run, error) {
	r := &run{id: secret(), key: secret(), began: s.o.Now(), now: s.o.Now, grace: s.o.Grace, over: make(chan struct{})}
	r.home = filepath.Join(s.o.Temp, r.id)
	r.results = filepath.Join(r.home, "results")
	r.end = ending{ID: r.id, State: running, Dir: r.results}
	r.events.wake = make(chan struct{})
	file, err := r.place(params)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(r.home))
	}
	mock := "--no-mock-io"
	if ask.Mock {
		mock = "--mock-io"
	}
	mark := "CAIRN_WORKFLOW_RUN=" + r.id
	env := slices.DeleteFunc(slices.Clone(f.Env), func(v string) bool {
		return strings.HasPrefix(v, "WT_RESULTS=") || strings.HasPrefix(v, "ECOSCOPE_WORKFLOWS_RESULTS=")
	})
	p := supervise.Program{
		Argv: append(slices.Clone(f.Argv), "run", "--config-file", file, "--execution-mode", ask.Mode, mock, "--progress", "json"),
		Env:  append(env, "WT_RESULTS="+r.results, mark), Dir: firstOf(f.Dir, filepath.Join(r.home, "work")), Mark: mark,
	}
	if err := r.start(&p, s, f); err != nil {
		return nil, errors.Join(err, os.RemoveAll(r.home))
	}
	return r, nil
}

// start starts the program and follows it.
func (r *run) start(p *supervise.Program, s *Server, f *flow) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	out, outWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer outWrite.Close()
	said, saidWrite, err := os.Pipe()
	if err != nil {
		out.Close()
		return err
	}
	defer saidWrite.Close()
	p.Stdin, p.Stdout, p.Stderr = null, outWrite, saidWrite
	if r.proc, err = supervise.Start(*p); err != nil {
		out.Close()
		said.Close()
		return err
	}
	f.hold()
	s.lives.Go(func() {
		defer f.drop()
		var readers sync.WaitGroup
		readers.Go(func() { r.read(out) })
		readers.Go(func() { r.read(said) })
		code, err := r.proc.Wait()
		readers.Wait() // nobody has the other end any more
		r.finish(code, err)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.touch()
	})
	return nil
}

// longestLine is how much of a line of a run's output is kept.
const longestLine = 16 << 10

// read takes in what the run says, line by line.
func (r *run) read(f *os.File) {
	defer f.Close()
	b := bufio.NewReaderSize(f, longestLine)
	for {
		part, err := b.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		said := strings.TrimRight(string(part), "\r\n")
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = b.ReadSlice('\n')
		}
		if said != "" || err == nil {
			if long {
				said += " ..."
			}
			r.line(said)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				r.events.add("log", logLine{"cairn: what the run says cannot be read: " + err.Error()})
			}
			return
		}
	}
}

type logLine struct {
	Text string `json:"text"`
}

// taskEvent is what the package tells of a task.
type taskEvent struct {
	Event   string   `json:"event"`
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	State   string   `json:"state"`
	Seconds *float64 `json:"seconds,omitempty"`
	Index   int      `json:"index"`
	Total   int      `json:"total"`
}

// line takes in one line: an event of the package's, or anything that a task prints.
func (r *run) line(s string) {
	if strings.HasPrefix(s, `{"event"`) {
		var e taskEvent
		if json.Unmarshal([]byte(s), &e) == nil {
			switch {
			case e.Event == "task" && e.ID != "" && e.State != "":
				r.events.add("task", e)
				return
			case e.Event != "task":
				return // the result is read from its file
			}
		}
	}
	r.events.add("log", logLine{strings.ToValidUTF8(s, "\ufffd")})
}

// stop asks the run to end, and kills it where it does not. It returns at once.
func (r *run) stop() {
	r.mu.Lock()
	first := !r.asked
	r.asked = true
	r.mu.Unlock()
	if r.isOver() {
		return
	}
	r.proc.Signal(syscall.SIGTERM)
	if first {
		timer := time.AfterFunc(r.grace, r.kill)
		go func() {
			<-r.over
			timer.Stop()
		}()
	}
}

// kill ends the run at once.
func (r *run) kill() { r.proc.Signal(syscall.SIGKILL) }

func (r *run) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// maxResult is how large a result is shown at all.
const maxResult = 8 << 20

// finish notes how the run ended, and tells it.
func (r *run) finish(code int, err error) {
	e := ending{ID: r.id, Dir: r.results, Seconds: r.now().Sub(r.began).Seconds(), Files: listFiles(r.results, r.key)}
	said, none := r.readResult()
	r.mu.Lock()
	switch {
	case r.asked && (code != 0 || none != nil):
		e.State = stopped
	case err != nil:
		e.State, e.Error = failed, text(err.Error())
	case none != nil && code == 0:
		e.State, e.Error = failed, text(none.Error())
	case none != nil:
		e.State, e.Error = failed, text(howEnded(code)+", without a result; its output tells more")
	default:
		e.State, e.Result, e.Error, e.Trace = done, said.Result, said.Error, said.Trace
		if said.Error != nil || code != 0 {
			e.State = failed
		}
		if said.Error == nil && code != 0 {
			e.Error = text(howEnded(code))
		}
	}
	r.end = e
	r.mu.Unlock()
	r.events.finish(e)
	close(r.over)
}

// text gives a text that is there.
func text(s string) *string { return &s }

// howEnded says what an exit code means.
func howEnded(code int) string {
	if code > 128 {
		return fmt.Sprintf("the run was ended by signal %d (%s)", code-128, syscall.Signal(code-128))
	}
	return fmt.Sprintf("the run ended with exit code %d", code)
}

// resultJSON is what a package leaves in result.json.
type resultJSON struct {
	Result json.RawMessage `json:"result"`
	Error  *string         `json:"error"`
	Trace  json.RawMessage `json:"trace"`
}

// readResult reads the run's result.json. Its error is for people.
func (r *run) readResult() (resultJSON, error) {
	var v resultJSON
	root, err := os.OpenRoot(r.results)
	if err != nil {
		return v, err
	}
	defer root.Close()
	f, err := root.Open("result.json")
	if err != nil {
		return v, errors.New("the run left no result.json")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxResult+1))
	switch {
	case err != nil:
		return v, fmt.Errorf("result.json: %w", err)
	case len(b) > maxResult:
		return v, fmt.Errorf("the result has more than %d bytes; it is in the file result.json", maxResult)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("result.json: %w", err)
	}
	return v, nil
}

// snapshot gives how the run is now.
func (r *run) snapshot() ending {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}
