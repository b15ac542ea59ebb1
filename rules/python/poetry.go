package python

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// poetry reads [tool.poetry]. alone says that the project has no [project]; else its own dependencies only add to those: where
// to take them from, and groups.
func (p *project) poetry(t map[string]any, alone bool) error {
	optional := map[string][]need{}
	for _, k := range slices.Sorted(maps.Keys(object(t, "dependencies"))) {
		v := object(t, "dependencies")[k]
		if pep.Normalize(k) == "python" {
			if alone {
				p.python, _ = v.(string)
			}
			continue
		}
		ns, opt, err := poetryNeeds(k, v)
		if err != nil {
			return fmt.Errorf("tool.poetry.dependencies: %w", err)
		}
		switch {
		case !alone:
			p.movePoetry(ns)
		case opt:
			optional[pep.Normalize(k)] = ns
		default:
			p.needs = append(p.needs, ns...)
		}
	}
	if alone {
		p.name = pep.Normalize(text(t, "name"))
		for k := range object(t, "extras") {
			for _, name := range texts(object(t, "extras"), k) {
				name, _, _ = strings.Cut(name, "[")
				p.extras[pep.Normalize(k)] = append(p.extras[pep.Normalize(k)], optional[pep.Normalize(name)]...)
			}
		}
	}
	groups := map[string]map[string]any{}
	for k := range object(t, "group") {
		groups[k] = object(object(object(t, "group"), k), "dependencies")
	}
	if dev := object(t, "dev-dependencies"); dev != nil {
		groups["dev"] = maps.Clone(dev)
		maps.Copy(groups["dev"], object(object(object(t, "group"), "dev"), "dependencies"))
	}
	for g, deps := range groups {
		p.groups[pep.Normalize(g)] = nil
		for _, k := range slices.Sorted(maps.Keys(deps)) {
			ns, _, err := poetryNeeds(k, deps[k])
			if err != nil {
				return fmt.Errorf("tool.poetry.group.%s: %w", g, err)
			}
			p.groups[pep.Normalize(g)] = append(p.groups[pep.Normalize(g)], ns...)
		}
	}
	return nil
}

// movePoetry notes which requirements of [project] come from elsewhere.
func (p *project) movePoetry(ns []need) {
	for _, n := range ns {
		for i := range p.needs {
			if p.needs[i].name == n.name && n.from != "" && p.needs[i].from == "" {
				p.needs[i].from, p.needs[i].spec = n.from, ""
			}
		}
	}
}

// poetryNeeds reads one dependency in poetry's form: a version, a table, or several tables.
func poetryNeeds(name string, v any) (ns []need, optional bool, err error) {
	switch d := v.(type) {
	case string:
		n := need{name: pep.Normalize(name)}
		n.spec, err = caretSpec(d)
		ns = []need{n}
	case []any:
		for _, one := range d {
			more, opt, err := poetryNeeds(name, one)
			if err != nil {
				return nil, false, err
			}
			ns, optional = append(ns, more...), optional || opt
		}
	case map[string]any:
		n, opt, err := poetryTable(name, d)
		return []need{n}, opt, err
	default:
		err = fmt.Errorf("%s: it is neither a version nor a table", name)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return ns, optional, err
}

func poetryTable(name string, d map[string]any) (n need, optional bool, err error) {
	n = need{name: pep.Normalize(name)}
	optional, _ = d["optional"].(bool)
	for _, e := range texts(d, "extras") {
		n.extras = append(n.extras, pep.Normalize(e))
	}
	slices.Sort(n.extras)
	for _, k := range []string{"git", "path", "url", "file"} {
		if at := text(d, k); at != "" {
			n.from = at
		}
	}
	if n.from == "" {
		if n.spec, err = caretSpec(text(d, "version")); err != nil {
			return n, optional, fmt.Errorf("%s: %w", name, err)
		}
	}
	var all []string
	if m := text(d, "markers"); m != "" {
		all = append(all, "("+oneSpace(m)+")")
	}
	if pl := text(d, "platform"); pl != "" {
		all = append(all, "sys_platform == "+strconv.Quote(pl))
	}
	spec, err := caretSpec(text(d, "python"))
	if err != nil {
		return n, optional, fmt.Errorf("%s: python: %w", name, err)
	}
	for _, part := range strings.Split(spec, ",") {
		if part == "" {
			continue
		}
		i := strings.IndexFunc(part, func(r rune) bool { return !strings.ContainsRune("=!<>~", r) })
		variable := "python_version"
		if strings.Count(part, ".") > 1 && !strings.HasSuffix(part, ".*") {
			variable = "python_full_version"
		}
		all = append(all, fmt.Sprintf("%s %s %q", variable, part[:i], part[i:]))
	}
	n.marker = strings.Join(all, " and ")
	if len(all) == 1 {
		n.marker = strings.TrimSuffix(strings.TrimPrefix(n.marker, "("), ")")
	}
	return n, optional, nil
}

// caretSpec gives a version as poetry writes it (^1.2, ~1.2, 1.*, 1.2.3, >=1,<2) in the form of PEP 440.
func caretSpec(s string) (string, error) {
	if strings.Contains(s, "|") {
		return "", fmt.Errorf("%q: a choice of versions (||) cannot be asked of an index; lock the project with poetry", s)
	}
	var parts []string
	for _, p := range strings.FieldsFunc(strings.NewReplacer(">= ", ">=", "<= ", "<=", "> ", ">", "< ", "<", "== ", "==", "!= ", "!=", "^ ", "^", "~ ", "~", "~= ", "~=").Replace(s),
		func(r rune) bool { return r == ',' || r == ' ' }) {
		switch {
		case p == "*" || p == "":
		case p[0] == '^' || p[0] == '~' && !strings.HasPrefix(p, "~="):
			low, high, err := upTo(p[1:], p[0] == '^')
			if err != nil {
				return "", err
			}
			parts = append(parts, ">="+low, "<"+high)
		case strings.IndexByte("=!<>~", p[0]) < 0:
			parts = append(parts, "=="+p)
		case p[0] == '=' && !strings.HasPrefix(p, "=="):
			parts = append(parts, "="+p)
		default:
			parts = append(parts, p)
		}
	}
	return cleanSpec(strings.Join(parts, ","))
}

// upTo gives the bounds of ^V (the first part that is not zero stays) or ~V (the second stays, where there is one).
func upTo(v string, caret bool) (low, high string, err error) {
	if _, err := pep.ParseVersion(v); err != nil {
		return "", "", err
	}
	digits := v
	if i := strings.IndexFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		digits = strings.TrimRight(v[:i], ".")
	}
	var nums []int
	for _, part := range strings.Split(digits, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return "", "", fmt.Errorf("%q is no version that a bound can be made of", v)
		}
		nums = append(nums, n)
	}
	at := min(1, len(nums)-1)
	if caret {
		at = slices.IndexFunc(nums, func(n int) bool { return n > 0 })
		if at < 0 {
			at = len(nums) - 1
		}
	}
	top := slices.Clone(nums[:at+1])
	top[at]++
	var words []string
	for _, n := range top {
		words = append(words, strconv.Itoa(n))
	}
	return v, strings.Join(words, "."), nil
}
