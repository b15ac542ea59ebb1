package makefile

import (
	"slices"
	"strconv"
	"strings"
)

// function is one of make's. do gets expanded arguments, lazy unexpanded ones.
type function struct {
	min, max int // arguments; max 0: any number
	do       func(m *Maker, a []string) string
	lazy     func(m *Maker, a []string) string
}

func (f function) call(m *Maker, name, args string, open byte) string {
	a := arguments(args, open, f.max)
	if len(a) < f.min {
		m.note(m.here, "$("+name+" "+args+")", "the function has too few arguments")
		return ""
	}
	if f.lazy != nil {
		return f.lazy(m, a)
	}
	for i := range a {
		a[i] = m.Expand(a[i])
	}
	return f.do(m, a)
}

// pure makes a function of one that needs no Maker.
func pure(n int, do func(a []string) string) function {
	return function{n, n, func(_ *Maker, a []string) string { return do(a) }, nil}
}

// each makes a function that replaces each word; what becomes nothing still leaves its blank.
func each(do func(w string) string) function {
	return function{1, 1, func(m *Maker, a []string) string { return m.replace(a[0], do) }, nil}
}

// replace puts something in the place of each word of a text.
func (m *Maker) replace(text string, do func(w string) string) string {
	var b strings.Builder
	for i, w := range words(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w = do(w); m.tooLong(b.Len() + len(w)) {
			return ""
		}
		b.WriteString(w)
	}
	m.work += b.Len()
	return b.String()
}

// tooLong says, with a note, that a value of n bytes is more than is made.
func (m *Maker) tooLong(n int) bool {
	if n <= maxValue && m.work <= maxWork {
		return false
	}
	m.work += min(n, maxValue)
	m.note(m.here, "", "the value is too long")
	return true
}

// find gives the function of a name.
func find(name string) (function, bool) {
	switch name {
	case "subst":
		return function{3, 3, func(m *Maker, a []string) string {
			if a[0] == "" {
				return a[2] + a[1]
			}
			if m.tooLong(len(a[2]) + strings.Count(a[2], a[0])*(len(a[1])-len(a[0]))) {
				return ""
			}
			return strings.ReplaceAll(a[2], a[0], a[1])
		}, nil}, true
	case "patsubst":
		return function{3, 3, func(m *Maker, a []string) string { return m.patsubst(a[0], a[1], a[2]) }, nil}, true
	case "strip":
		return pure(1, func(a []string) string { return strings.Join(words(a[0]), " ") }), true
	case "findstring":
		return pure(2, func(a []string) string {
			if strings.Contains(a[1], a[0]) {
				return a[0]
			}
			return ""
		}), true
	case "filter", "filter-out":
		return function{2, 2, func(m *Maker, a []string) string { return m.filter(words(a[0]), words(a[1]), name == "filter") }, nil}, true
	case "sort":
		return pure(1, func(a []string) string {
			ws := words(a[0])
			slices.Sort(ws)
			return strings.Join(slices.Compact(ws), " ")
		}), true
	case "words":
		return pure(1, func(a []string) string { return strconv.Itoa(len(words(a[0]))) }), true
	case "firstword", "lastword":
		return pure(1, func(a []string) string {
			ws := words(a[0])
			switch {
			case len(ws) == 0:
				return ""
			case name == "firstword":
				return ws[0]
			}
			return ws[len(ws)-1]
		}), true
	case "word":
		return function{2, 2, wordOf, nil}, true
	case "wordlist":
		return function{3, 3, wordsOf, nil}, true
	case "join":
		return pure(2, join), true
	case "dir":
		return each(func(w string) string {
			if at := strings.LastIndexByte(w, '/'); at >= 0 {
				return w[:at+1]
			}
			return "./"
		}), true
	case "notdir":
		return each(func(w string) string { return w[strings.LastIndexByte(w, '/')+1:] }), true
	case "basename":
		return each(func(w string) string { return w[:len(w)-len(suffix(w))] }), true
	case "suffix":
		return function{1, 1, func(m *Maker, a []string) string {
			return strings.Join(words(m.replace(a[0], suffix)), " ")
		}, nil}, true
	case "addprefix":
		return function{2, 2, func(m *Maker, a []string) string {
			return m.replace(a[1], func(w string) string { return a[0] + w })
		}, nil}, true
	case "addsuffix":
		return function{2, 2, func(m *Maker, a []string) string {
			return m.replace(a[1], func(w string) string { return w + a[0] })
		}, nil}, true
	}
	return findOther(name)
}

// filter keeps the words that fit one of the patterns, or the others.
func (m *Maker) filter(patterns, ws []string, fitting bool) string {
	if m.work += len(patterns) * len(ws); m.tooLong(0) {
		return ""
	}
	return strings.Join(slices.DeleteFunc(ws, func(w string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { _, ok := match(p, w); return ok }) != fitting
	}), " ")
}

// suffix gives a word's last dot and what follows it, "" where the last part of its path has none.
func suffix(w string) string {
	if at := strings.LastIndexByte(w, '.'); at > strings.LastIndexByte(w, '/') {
		return w[at:]
	}
	return ""
}

// match says whether a word fits a pattern with at most one %, and gives what the % stands for.
func match(pattern, w string) (stem string, ok bool) {
	before, after, has := strings.Cut(pattern, "%")
	if !has {
		return "", pattern == w
	}
	if len(w) < len(before)+len(after) || !strings.HasPrefix(w, before) || !strings.HasSuffix(w, after) {
		return "", false
	}
	return w[len(before) : len(w)-len(after)], true
}

func (m *Maker) patsubst(from, to, text string) string {
	return m.replace(text, func(w string) string {
		stem, ok := match(from, w)
		switch {
		case !ok:
			return w
		case !strings.Contains(from, "%"):
			return to
		}
		return strings.Replace(to, "%", stem, 1)
	})
}

func join(a []string) string {
	x, y := words(a[0]), words(a[1])
	out := make([]string, max(len(x), len(y)))
	for i := range out {
		if i < len(x) {
			out[i] = x[i]
		}
		if i < len(y) {
			out[i] += y[i]
		}
	}
	return strings.Join(out, " ")
}

func (m *Maker) number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		m.note(m.here, s, "a number is needed here")
		return -1
	}
	return n
}

func wordOf(m *Maker, a []string) string {
	n, ws := m.number(a[0]), words(a[1])
	if n < 1 || n > len(ws) {
		return ""
	}
	return ws[n-1]
}

func wordsOf(m *Maker, a []string) string {
	from, to, ws := m.number(a[0]), m.number(a[1]), words(a[2])
	to = min(to, len(ws))
	if from < 1 || from > to {
		return ""
	}
	return strings.Join(ws[from-1:to], " ")
}
