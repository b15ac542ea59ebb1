package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/spec"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// isKey says whether a case can be called so: its key is a name of files as well.
func isKey(s string) bool {
	if s == "" || len(s) > 100 || strings.Contains(s, "..") || strings.ContainsRune(". -", rune(s[0])) || strings.ContainsRune(". ", rune(s[len(s)-1])) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_. -", r))
	}) < 0
}

// isTask says whether s is a function with its module.
func isTask(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if !spec.IsIdentifier(p) {
			return false
		}
	}
	return len(parts) > 1
}

var (
	caseKeys     = []string{"name", "description", "params", "assertions", "raises", "expected_status_code", "mock_io", "mock_io_overrides"}
	requiredKeys = []string{"name", "description", "params"}
)

// Parse reads a file; file is its name in messages, relative to the workspace. All that is wrong is said at once, in the order of the file. The File
// is never nil, and whole only where the list has no errors. Safe for concurrent use.
func Parse(file string, src []byte) (*File, diag.List) {
	root, ds := yamltree.Parse(file, src)
	r := &reader{diags: ds}
	f := &File{}
	switch {
	case root == nil && len(ds) > 0:
	case root == nil || root.Kind == yamltree.Map && len(root.Pairs) == 0 && len(ds) == 0:
		r.bad("bad-value", diag.Range{File: file}, "There are no test cases", "The file is a mapping of names to cases.", "")
	case root.Kind != yamltree.Map:
		r.wrongType(root, "Test cases are a mapping", "Input should be a valid dictionary", "Its keys are names of cases.")
	default:
		seen := map[string]yamltree.Pair{}
		for _, p := range root.Pairs {
			r.context = fmt.Sprintf("case %q", quote.Clip(p.Key))
			r.key(p, seen)
			if c := r.testCase(p); c != nil {
				f.Cases = append(f.Cases, c)
			}
		}
	}
	return f, r.diags.Sort()
}

type reader struct {
	diags   diag.List
	context string
}

func (r *reader) bad(code string, rng diag.Range, summary, detail, hint string) {
	r.diags = yamltree.Add(r.diags, diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rng, Context: r.context})
}

func (r *reader) wrongType(n *yamltree.Node, summary, detail, hint string) {
	r.bad("bad-type", n.Head(), summary, fmt.Sprintf("%s; this is %s.", detail, n.Kind), hint)
}

// key checks what a case is called.
func (r *reader) key(p yamltree.Pair, seen map[string]yamltree.Pair) {
	if !isKey(p.Key) {
		r.bad("bad-value", p.At, fmt.Sprintf("%q cannot name a case", quote.Clip(p.Key)), "The name is one of files as well: letters, digits, `_`, `-`, `.` and spaces.", "")
		return
	}
	fold := strings.ToLower(p.Key)
	if first, ok := seen[fold]; ok {
		r.diags = yamltree.Add(r.diags, diag.Diag{Code: "bad-value", Summary: fmt.Sprintf("The cases %q and %q differ by case only", quote.Clip(first.Key), quote.Clip(p.Key)),
			Detail: "Their snapshots would be one file on some disks.", Range: p.At, Context: r.context, Related: []diag.Related{{Range: first.At, Text: "the other one"}}})
		return
	}
	seen[fold] = p
}

func (r *reader) testCase(p yamltree.Pair) *Case {
	n := p.Value
	if n.Kind != yamltree.Map {
		r.wrongType(n, "A test case is a mapping", "Input should be a valid dictionary", "Its keys are name, description and params, and what is expected.")
		return nil
	}
	r.keys(n, "A test case", caseKeys, requiredKeys)
	c := &Case{Key: p.Key, Params: ojson.New(), Status: 200, At: p.At}
	c.Name = r.text(n.Get("name"), "A case's name")
	c.Description = r.text(n.Get("description"), "A case's description")
	if params := n.Get("params"); params != nil {
		if params.Kind != yamltree.Map {
			r.wrongType(params, "params is a mapping", "Input should be a valid dictionary", "A case without parameters has {}.")
		} else {
			v, ds := params.JSON("", nil)
			for _, d := range ds {
				d.Context = r.context
				r.diags = yamltree.Add(r.diags, d)
			}
			c.Params, _ = v.(*ojson.Object)
		}
	}
	if a := n.Get("assertions"); a != nil {
		c.Asserts = true
		c.Contains = r.assertions(a)
	}
	if v := n.Get("raises"); v != nil {
		c.Raises = r.flag(v, "raises")
	}
	if v := n.Get("mock_io"); v != nil {
		mock := r.flag(v, "mock_io")
		c.MockIO = &mock
	}
	if v := n.Get("mock_io_overrides"); v != nil {
		c.Mocks = r.mocks(v)
	}
	if v := n.Get("expected_status_code"); v != nil {
		code, err := strconv.Atoi(v.Text)
		switch {
		case v.Kind != yamltree.Int:
			r.wrongType(v, "expected_status_code is a whole number", "Input should be a valid integer", "")
		case err != nil || code < 100 || code > 599:
			r.bad("bad-value", v.Range, fmt.Sprintf("%s is no status of HTTP", quote.Clip(v.Text)), "A status is from 100 to 599.", "")
		default:
			c.Status = code
		}
	}
	return c
}

func (r *reader) assertions(n *yamltree.Node) []string {
	if n.Kind != yamltree.Map {
		r.wrongType(n, "assertions is a mapping", "Input should be a valid dictionary", "Its key is result_stdout_contains.")
		return nil
	}
	known := []string{"result_stdout_contains"}
	r.keys(n, "assertions", known, known)
	l := n.Get("result_stdout_contains")
	if l == nil {
		return nil
	}
	if l.Kind != yamltree.List {
		r.wrongType(l, "result_stdout_contains is a list", "Input should be a valid list", "")
		return nil
	}
	var out []string
	for _, e := range l.List {
		out = append(out, r.text(e, "An element of result_stdout_contains"))
	}
	return out
}

func (r *reader) flag(n *yamltree.Node, what string) bool {
	if n.Kind != yamltree.Bool {
		r.wrongType(n, what+" is true or false", "Input should be a valid boolean", "Write true or false, without quotes.")
	}
	return n.Text == "true"
}

func (r *reader) mocks(n *yamltree.Node) []Mock {
	if n.Kind != yamltree.Map {
		r.wrongType(n, "mock_io_overrides is a mapping", "Input should be a valid dictionary", "Its keys are tasks, package.tasks.function; its values files.")
		return nil
	}
	var out []Mock
	for _, p := range n.Pairs {
		if !isTask(p.Key) {
			r.bad("bad-value", p.At, fmt.Sprintf("%q is no task", quote.Clip(p.Key)), "A task is named with its module here: package.tasks.function.", "")
		}
		m := Mock{Task: p.Key, File: r.text(p.Value, "A file"), At: p.Value.Head()}
		if p.Value.Kind == yamltree.String && m.File == "" {
			r.bad("bad-value", p.Value.Range, "The file is empty", "", "")
		}
		out = append(out, m)
	}
	return out
}

// keys says which of n's keys are unknown and which are missing.
func (r *reader) keys(n *yamltree.Node, what string, known, required []string) {
	for _, p := range n.Pairs {
		if !slices.Contains(known, p.Key) {
			r.bad("unknown-key", p.At, fmt.Sprintf("%s has no key %q", what, quote.Clip(p.Key)), "Extra inputs are not permitted. The keys are "+strings.Join(known, ", ")+".",
				diag.DidYouMean(p.Key, known))
		}
	}
	for _, k := range required {
		if n.Get(k) == nil {
			r.bad("missing-key", n.Head(), fmt.Sprintf("%q is missing", k), "Field required.", "")
		}
	}
}

func (r *reader) text(n *yamltree.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind == yamltree.String {
		return n.Text
	}
	hint := ""
	if n.Kind == yamltree.Int || n.Kind == yamltree.Float || n.Kind == yamltree.Bool {
		hint = fmt.Sprintf("Put it in quotes: %q.", quote.Clip(n.Text))
	}
	r.wrongType(n, what+" is text", "Input should be a valid string", hint)
	return ""
}
