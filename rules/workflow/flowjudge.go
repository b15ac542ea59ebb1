package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/workflow/cases"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// verdict are the words of workflow_test_judge/1 and workflow_test_snapshot/1: what is expected of a run.
type verdict struct {
	Name     string   `json:"name"` // "sequential cli: hot"
	API      string   `json:"api"`
	Said     string   `json:"said"` // what flowtest.py wrote of the run
	Asserts  bool     `json:"asserts,omitempty"`
	Contains []string `json:"contains,omitempty"`
	Raises   bool     `json:"raises,omitempty"`
	NoData   bool     `json:"nodata,omitempty"` // nothing is said of whether it fails
	Status   int      `json:"status"`
	Snapshot string   `json:"snapshot,omitempty"` // the file of the workspace with what is expected; "" for none
	Known    bool     `json:"known,omitempty"`    // it is there
	Other    string   `json:"other,omitempty"`    // what was written of the run that is to give the same, called First
	First    string   `json:"first,omitempty"`
	Out      string   `json:"out,omitempty"` // the snapshot to write
}

// verdictNotes are for messages.
type verdictNotes struct {
	At    diag.Range `json:"at"`
	Label string     `json:"label"`
}

// said is what came of a run.
type said struct {
	status int    // as the server's; 0 for none
	exit   string // of the command line
	end    string // why it came to no end of its own
	value  *ojson.Object
}

// judged collects what is wrong with a run.
type judged struct {
	v     verdict
	notes verdictNotes
	list  diag.List
}

func (j *judged) bad(code, summary, detail, hint string) {
	j.list = append(j.list, diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: j.notes.At, Context: j.v.Name})
}

// judge is workflow_test_judge/1: it says what of a run is not as its case has it.
func judge(_ context.Context, c rule.CallContext) error {
	j, s, err := openVerdict(c)
	if err != nil {
		return err
	}
	if j.ended(s); len(j.list) > 0 {
		return j.list.Err()
	}
	if j.v.API == "cli" {
		j.printed(s)
	}
	if trip := s.value.String("trip"); trip != "" {
		j.bad("round-trip", "The parameters are no longer the same after a form had them", trip, "")
	}
	got := expectation(s)
	switch {
	case j.v.Other != "":
		other, err := readSaid(c, j.v.Other)
		if err != nil {
			return err
		}
		j.compare(expectation(other), got, "what "+j.v.First+" gives", "")
	case j.v.Known:
		b, err := inputBytes(c, j.v.Snapshot)
		if err != nil {
			return err
		}
		want, err := ojson.Parse(b)
		if err != nil {
			j.bad("bad-snapshot", j.v.Snapshot+" is not JSON", err.Error()+".", j.update("renews it"))
			break
		}
		j.compare(want, got, j.v.Snapshot, j.update("makes this what is expected"))
	case j.v.Snapshot != "":
		j.bad("no-snapshot", "There is no "+j.v.Snapshot, "It has what is expected of the case.", j.update("makes it of what comes now"))
	}
	return j.list.Err()
}

// writeSnapshot is workflow_test_snapshot/1: it writes what is expected from now on, if the run went as its case has it.
func writeSnapshot(_ context.Context, c rule.CallContext) error {
	j, s, err := openVerdict(c)
	if err != nil {
		return err
	}
	if j.ended(s); len(j.list) > 0 {
		return j.list.Err()
	}
	b, err := ojson.Marshal(expectation(s), "  ")
	if err != nil {
		return err
	}
	return c.Write(j.v.Out, append(b, '\n'), false)
}

// readCases is workflow_test_cases/1: it says what is wrong with a file of cases.
func readCases(_ context.Context, c rule.CallContext) error {
	file := string(c.Args())
	b, err := inputBytes(c, file)
	if err != nil {
		return err
	}
	if _, list := cases.Parse(file, b); list.HasErrors() {
		return list
	}
	return errors.New("internal error: the cases are sound now; please report it with " + file)
}

func openVerdict(c rule.CallContext) (*judged, *said, error) {
	j := &judged{}
	if err := json.Unmarshal(c.Args(), &j.v); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(c.Notes(), &j.notes); err != nil {
		return nil, nil, err
	}
	s, err := readSaid(c, j.v.Said)
	return j, s, err
}

func readSaid(c rule.CallContext, file string) (*said, error) {
	b, err := inputBytes(c, file)
	if err != nil {
		return nil, err
	}
	v, err := ojson.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("internal error: %s: %w", file, err)
	}
	o, _ := v.(*ojson.Object)
	s := &said{value: o, end: o.String("end")}
	if n, ok := o.Get("status"); ok {
		text, _ := n.(ojson.Number)
		s.status, _ = strconv.Atoi(string(text))
	}
	if n, ok := o.Get("exit"); ok {
		text, _ := n.(ojson.Number)
		s.exit = string(text)
	}
	return s, nil
}

// expectation gives what a snapshot holds of a run.
func expectation(s *said) any {
	result, _ := s.value.Get("result")
	failure, _ := s.value.Get("error")
	return ojson.New("error", failure, "result", result)
}

func (j *judged) update(does string) string {
	return fmt.Sprintf("`cairn test --update %s` %s.", j.notes.Label, does)
}

// ended says whether the run came to the end that its case has.
func (j *judged) ended(s *said) {
	v := j.v
	fails := v.Raises || v.Status >= 400
	failure := s.value.String("error")
	switch {
	case s.end != "":
		j.bad("no-end", "The run came to no end: "+s.end, lastLines(s.value.String("stderr"), 40), "")
	case v.NoData:
	case s.status == 422 && v.Status != 422 && !(v.Raises && v.Status == 200) && (v.API == "rest" || strings.HasPrefix(failure, "invalid parameters")):
		j.bad("refused", "The parameters were refused", failure+".", unknown(s))
	case s.status >= 400 && !fails:
		j.bad("failed", "The workflow failed: "+firstLine(failure), cause(s.value.String("trace")), mend(failure))
	case s.status < 400 && fails:
		j.bad("passed", "The workflow did not fail", "The case says that it does, by raises or expected_status_code.", "")
	case v.API == "rest" && s.status != v.Status && !(v.Raises && v.Status == 200):
		j.bad("status", fmt.Sprintf("POST / answers with %d, not %d", s.status, v.Status), failure, "")
	case v.API == "cli" && v.Status == 422 && s.status != 422:
		j.bad("status", fmt.Sprintf("The exit code is %s, and not 2, as for parameters that are refused", s.exit), failure, "")
	}
}

// mend says what may help against a failure that was not to be.
func mend(failure string) string {
	if strings.HasPrefix(failure, "environment variables that the workflow uses are not set") {
		return "`env = { NAME = \"...\" }` of the workflow_test sets variables."
	}
	return "A case of which this is expected says `raises: true`."
}

// cause gives the end of the first of the tracebacks that Python chains: the task's own.
func cause(trace string) string {
	first, _, _ := strings.Cut(trace, "\n\nThe above exception was the direct cause of the following exception:\n")
	return lastLines(first, 40)
}

// unknown says which instances have parameters in a case and are none of the workflow's; "" for none.
func unknown(s *said) string {
	var of, known []string
	for _, l := range []struct {
		key string
		to  *[]string
	}{{"unknown", &of}, {"known", &known}} {
		for _, v := range s.value.List(l.key) {
			text, _ := v.(string)
			*l.to = append(*l.to, text)
		}
	}
	var b strings.Builder
	for _, name := range of {
		fmt.Fprintf(&b, "The workflow has no instance %q that takes parameters. %s\n", name, diag.DidYouMean(name, known))
	}
	return strings.TrimSpace(b.String())
}

// printed says whether the command line printed what the case asserts.
func (j *judged) printed(s *said) {
	out := s.value.String("stdout")
	missing := slices.DeleteFunc(slices.Clone(j.v.Contains), func(text string) bool { return strings.Contains(out, text) })
	for i, text := range missing {
		detail := ""
		if i == len(missing)-1 {
			detail = "It printed:\n" + lastLines(out, 20)
		}
		j.bad("not-printed", fmt.Sprintf("What it printed does not hold %q", text), detail, diag.DidYouMean(text, strings.Fields(out)))
	}
}

// compare says how what came differs from what was to come, whose name is of.
func (j *judged) compare(want, got any, of, hint string) {
	w, err1 := ojson.Marshal(ojson.Sorted(want), "  ")
	g, err2 := ojson.Marshal(ojson.Sorted(got), "  ")
	if err := errors.Join(err1, err2); err != nil {
		j.bad("bad-result", "What came cannot be compared", err.Error()+".", "")
		return
	}
	if string(w) == string(g) {
		return
	}
	j.bad("other-result", "What came is not "+of, "- is what was expected, + what came:\n"+lineDiff(string(w), string(g)), hint)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if r := []rune(line); len(r) > 300 {
		return string(r[:300]) + " ..."
	}
	return line
}

// lastLines gives the end of a text.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = append([]string{"..."}, lines[len(lines)-n:]...)
	}
	return strings.Join(lines, "\n")
}
