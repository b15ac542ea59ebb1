package python

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// need is one requirement of a project (PEP 508).
type need struct {
	name   string // normalised
	extras []string
	spec   string // ">=1.0,<2", its parts sorted, without blanks; "" for any version
	marker string
	from   string // the address or folder that it names, "" for a package of the index
}

var needForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)$`)
})

var specForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(===|==|~=|!=|<=|>=|<|>)([A-Za-z0-9.!+_*-]+)$`)
})

// parseNeed reads a requirement.
func parseNeed(text string) (need, error) {
	text = strings.TrimSpace(text)
	m := needForm().FindStringSubmatch(text)
	if m == nil || strings.ContainsAny(text, "\n\r\x00") {
		return need{}, fmt.Errorf("%q is no requirement (name>=1.2)", text)
	}
	n := need{name: pep.Normalize(m[1])}
	for _, e := range strings.Split(m[2], ",") {
		if e = strings.TrimSpace(e); e != "" {
			n.extras = append(n.extras, pep.Normalize(e))
		}
	}
	slices.Sort(n.extras)
	n.extras = slices.Compact(n.extras)
	rest := m[3]
	if from, ok := strings.CutPrefix(rest, "@"); ok {
		from, marker, _ := strings.Cut(from, " ;")
		n.from, n.marker = strings.TrimSpace(from), oneSpace(marker)
		return n, nil
	}
	spec, marker, _ := strings.Cut(rest, ";")
	n.marker = oneSpace(marker)
	var err error
	if n.spec, err = cleanSpec(spec); err != nil {
		return n, fmt.Errorf("%q: %w", text, err)
	}
	return n, nil
}

// cleanSpec gives a set of version specifiers in one form.
func cleanSpec(set string) (string, error) {
	set = strings.TrimSpace(set)
	if in, ok := strings.CutPrefix(set, "("); ok {
		set = strings.TrimSuffix(in, ")")
	}
	var parts []string
	for _, p := range strings.Split(set, ",") {
		p = strings.Join(strings.Fields(p), "")
		if p == "" {
			continue
		}
		if !specForm().MatchString(p) {
			return "", fmt.Errorf("%q is no version specifier (>=1.2)", p)
		}
		parts = append(parts, p)
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ","), nil
}

func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// String gives the requirement as PEP 508 writes it.
func (n need) String() string {
	s := n.name
	if len(n.extras) > 0 {
		s += "[" + strings.Join(n.extras, ",") + "]"
	}
	if n.from != "" {
		s += " @ " + n.from
	}
	s += n.spec
	if n.marker != "" {
		s += " ; " + n.marker
	}
	return s
}

// foreign says that a requirement is of something that no index has.
func (n need) foreign() error {
	if n.from == "" {
		return nil
	}
	return fmt.Errorf("%s is required from %s, and only packages of an index are resolved: declare where it is as a source of its own (git_source, http_file), and put its wheel into the environment", n.name, n.from)
}

// questionText is what is asked: the requirements, one a line, sorted, each once.
func questionText(ns []need) string {
	var lines []string
	for _, n := range ns {
		lines = append(lines, n.String()+"\n")
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}

// readNeeds reads requirements as pip does, line by line. `-r` and `-c` are answered by others; other options say where packages
// are, which is for pip's configuration to say, and are passed over.
func readNeeds(doc string, other func(option, file string) error) ([]need, error) {
	var out []need
	err := logicalLines(doc, func(n int, line string) error {
		if strings.HasPrefix(line, "-") {
			name, rest, _ := strings.Cut(strings.Replace(line, "=", " ", 1), " ")
			switch {
			case name == "-r" || name == "--requirement":
				return other("-r", strings.TrimSpace(rest))
			case name == "-c" || name == "--constraint":
				return other("-c", strings.TrimSpace(rest))
			case option(line) || name == "--pre":
				return nil
			}
			return fmt.Errorf("line %d: %q: only packages of an index are resolved", n, line)
		}
		line, _, _ = strings.Cut(line, " --hash")
		if strings.Contains(line, "://") && !strings.Contains(line, "@") || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "/") {
			return fmt.Errorf("line %d: %q: only packages of an index are resolved", n, line)
		}
		r, err := parseNeed(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

// logicalLines gives the lines of a requirements file: without comments and empty ones, those that go on joined.
func logicalLines(doc string, use func(n int, line string) error) error {
	lines := strings.Split(strings.ReplaceAll(doc, "\r\n", "\n"), "\n")
	for n := 0; n < len(lines); n++ {
		first := n + 1
		line := lines[n]
		for strings.HasSuffix(line, "\\") && n+1 < len(lines) {
			n++
			line = strings.TrimSuffix(line, "\\") + " " + strings.TrimSpace(lines[n])
		}
		if i := strings.Index(" "+line, " #"); i >= 0 {
			line = line[:max(0, i-1)]
		}
		if line = strings.TrimSpace(line); line != "" {
			if err := use(first, line); err != nil {
				return err
			}
		}
	}
	return nil
}
