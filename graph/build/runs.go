package build

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ActionRecord is what a run did with one action that was not simply unchanged.
type ActionRecord struct {
	Label    string        `json:"label"`
	Mnemonic string        `json:"mnemonic"`
	Subject  string        `json:"subject,omitempty"` // see rule.Action
	Outputs  []string      `json:"outputs,omitempty"`
	Status   string        `json:"status"`
	Why      string        `json:"why,omitempty"`
	Key      string        `json:"key,omitempty"`
	Previous string        `json:"previous,omitempty"` // the key before
	Deps     []string      `json:"deps,omitempty"`     // outputs of other actions that it read
	Start    time.Duration `json:"start_ns"`           // since the run's start
	Wall     time.Duration `json:"wall_ns"`
	Summary  string        `json:"summary,omitempty"`  // of a failure
	Problems []string      `json:"problems,omitempty"` // of a failure: each in one line
	Test     bool          `json:"test,omitempty"`
	Case     string        `json:"case,omitempty"` // of a test
}

// RunRecord is the head of one run's log.
type RunRecord struct {
	ID      string        `json:"id"`
	Time    time.Time     `json:"time"`
	Command string        `json:"command"`
	Wall    time.Duration `json:"wall_ns"`
	Targets int           `json:"targets"`
	Actions int           `json:"actions"`
	Cached  int           `json:"cached"`
	Run     int           `json:"run"`
	Failed  int           `json:"failed"`
	Skipped int           `json:"skipped"`
	// Sources are what the names of wanted sources stood for, by label: the question and the answer, as the lock file has them.
	Sources map[string]map[string]string `json:"sources,omitempty"`
}

// RunLog is a whole run.
type RunLog struct {
	RunRecord
	Records []ActionRecord
}

// keepRuns is how many runs stay in the log.
const keepRuns = 50

// A run's log is cairn-out/.state/runs/<id>.jsonl: the RunRecord on the first line, an ActionRecord on each further one. It
// is written when the run ends, under another name, and renamed. A run with nothing to do leaves none.
type runLogger struct {
	mu    sync.Mutex
	lines bytes.Buffer
	n     int
}

func (l *runLogger) add(r *ActionRecord) {
	b, err := json.Marshal(r)
	if err != nil {
		return // plain strings and numbers always marshal
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.Write(b)
	l.lines.WriteByte('\n')
	l.n++
}

func (l *runLogger) save(dir string, head *RunRecord) error {
	if l.n == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	h, err := json.Marshal(head)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "."+head.ID)
	if err := os.WriteFile(tmp, slices.Concat(h, []byte("\n"), l.lines.Bytes()), 0o644); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, head.ID+".jsonl")); err != nil {
		return err
	}
	ids, err := runIDs(dir)
	for i := keepRuns; err == nil && i < len(ids); i++ {
		err = os.Remove(filepath.Join(dir, ids[i]+".jsonl"))
	}
	return err
}

// newRunID names a run by its time, so that names sort, and by the process, so that two at once differ.
func newRunID(now time.Time) string {
	return fmt.Sprintf("%s-%d", now.UTC().Format("20060102T150405.000"), os.Getpid())
}

// runIDs gives the ids of the logged runs, the newest first.
func runIDs(dir string) ([]string, error) {
	es, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	var ids []string
	for _, e := range es {
		if id, ok := strings.CutSuffix(e.Name(), ".jsonl"); ok && !strings.HasPrefix(id, ".") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, err
}

func (e *Engine) runsDir() string { return filepath.Join(e.stateDir(), "runs") }

// Runs gives the heads of the last n runs that did something, the newest first; n <= 0: all that are kept.
func (e *Engine) Runs(n int) ([]RunRecord, error) {
	ids, err := runIDs(e.runsDir())
	if err != nil {
		return nil, err
	}
	if n > 0 && len(ids) > n {
		ids = ids[:n]
	}
	var out []RunRecord
	for _, id := range ids {
		l, err := e.Run(id)
		if err != nil {
			return nil, err
		}
		out = append(out, l.RunRecord)
	}
	return out, nil
}

// Run gives one run by its id, or the newest for "".
func (e *Engine) Run(id string) (*RunLog, error) {
	ids, err := runIDs(e.runsDir())
	if err != nil {
		return nil, err
	}
	if id == "" && len(ids) > 0 {
		id = ids[0]
	}
	if !slices.Contains(ids, id) {
		return nil, fmt.Errorf("no run %q in the log; `cairn log` lists them", id)
	}
	f, err := os.Open(filepath.Join(e.runsDir(), id+".jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := &RunLog{}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 64<<20)
	for first := true; sc.Scan(); first = false {
		if first {
			err = json.Unmarshal(sc.Bytes(), &l.RunRecord)
		} else {
			var r ActionRecord
			err = json.Unmarshal(sc.Bytes(), &r)
			l.Records = append(l.Records, r)
		}
		if err != nil {
			return nil, fmt.Errorf("damaged log of run %s: %w", id, err)
		}
	}
	return l, sc.Err()
}
