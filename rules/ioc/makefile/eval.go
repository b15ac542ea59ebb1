package makefile

import "strings"

// reader is the reading of one file.
type reader struct {
	*Maker
	src   *source
	conds []branch
	rule  *Rule // that recipe lines belong to, nil before the first one
}

// eval reads text, which is (a part of) a file; step is 0 where all of it counts as the line that is being read.
func (m *Maker) eval(name string, text []byte, step int) {
	line := 1
	if step == 0 {
		line = m.here.Line
	}
	r := &reader{Maker: m, src: &source{name: name, rest: string(text), line: line, step: step}}
	for {
		raw, line, ok := r.src.next()
		if !ok {
			break
		}
		if m.work += len(raw); m.work > maxWork {
			m.note(m.here, "", "reading takes too long; the rest was left out")
			return
		}
		m.here = Place{name, line}
		r.line(raw)
	}
	if len(r.conds) > 0 {
		m.note(r.conds[0].at, r.conds[0].text, "the conditional has no endif")
	}
}

// line takes one line.
func (r *reader) line(raw string) {
	if strings.HasPrefix(raw, "\t") && r.rule != nil {
		if !r.skipping() {
			r.recipe(raw[1:])
		}
		return
	}
	text := uncomment(unbreak(raw))
	word, rest := firstWord(text)
	if word == "" {
		return
	}
	if r.conditional(word, rest, text) {
		return
	}
	if name, ok := defines(text); ok {
		r.define(name)
		return
	}
	if r.skipping() {
		return
	}
	r.rule = nil
	switch word {
	case "include", "-include", "sinclude":
		r.includes(rest, word == "include")
		return
	case "vpath":
		r.note(r.here, text, "directories that make searches are not translated; name the files with their folders")
		return
	case "endef":
		r.note(r.here, text, "there is no define that it ends")
		return
	case "load", "-load":
		r.note(r.here, text, "make's own extensions cannot be loaded")
		return
	case "undefine":
		delete(r.vars, strings.TrimSpace(r.Expand(rest)))
		return
	}
	body := stripModifiers(text)
	if a, ok := parseAssignment(body); ok {
		r.assign(strings.TrimSpace(r.Expand(a.name)), a.op, a.value, r.here)
		return
	}
	if word == "export" || word == "unexport" {
		return
	}
	r.ruleLine(text)
}

// stripModifiers cuts `export`, `override` and `private` off, which change nothing that counts here.
func stripModifiers(text string) string {
	for {
		word, rest := firstWord(text)
		switch word {
		case "export", "override", "private", "unexport":
			if at, _ := operator(strings.TrimLeft(text, " \t")); at == len(word) {
				return text // a variable of that name
			}
			if rest == "" || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":") {
				return text
			}
			text = rest
		default:
			return text
		}
	}
}

// define names: `define NAME [op]`.
type definition struct{ name, op string }

func defines(text string) (definition, bool) {
	word, rest := firstWord(stripModifiers(text))
	if word != "define" || rest == "" || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "+=") {
		return definition{}, false
	}
	d := definition{strings.TrimSpace(rest), "="}
	if at, n := operator(rest); at > 0 {
		d = definition{strings.TrimSpace(rest[:at]), rest[at : at+n]}
	}
	return d, true
}

// define reads the lines up to endef.
func (r *reader) define(d definition) {
	at := r.here
	var lines []string
	for depth := 1; ; {
		raw, _, ok := r.src.next()
		if !ok {
			r.note(at, "define "+d.name, "the definition has no endef")
			break
		}
		if !strings.HasPrefix(raw, "\t") {
			word, _ := firstWord(uncomment(unbreak(raw)))
			if _, nested := defines(unbreak(raw)); nested {
				depth++
			} else if word == "endef" {
				if depth--; depth == 0 {
					break
				}
			}
		}
		lines = append(lines, raw)
	}
	if r.skipping() {
		return
	}
	r.rule = nil
	for i, l := range lines {
		if continues(strings.SplitN(l, "\n", 2)[0]) && strings.Contains(l, "\n") {
			lines[i] = unbreak(l)
		}
	}
	r.assign(strings.TrimSpace(r.Expand(d.name)), d.op, strings.Join(lines, "\n"), at)
}

// includes reads the files that a line names.
func (r *reader) includes(rest string, must bool) {
	at := r.here
	for _, name := range words(r.Expand(rest)) {
		if r.o.Known != nil && r.o.Known(name) {
			continue
		}
		files := []string{name}
		if strings.ContainsAny(name, "*?[") {
			files = r.wildcard(name)
		}
		for _, f := range files {
			if r.Maker.files >= maxFiles {
				return
			}
			in, ok := r.Inside(f)
			var b []byte
			if ok && !strings.Contains(f, "$(") {
				b, ok = r.bytes(in)
			} else {
				ok = false
			}
			switch {
			case ok:
				r.include(in, in, b)
			case r.o.Above != nil && r.includeAbove(f):
			case must:
				r.note(at, "include "+f, "the file is not in the wrapper, so nothing of it is known")
			}
			r.here = at
		}
	}
}

// includeAbove reads a file that lies above all others, and says whether there is one.
func (r *reader) includeAbove(name string) bool {
	n, b := r.above(name)
	if b == nil {
		return false
	}
	r.include(n, n, b)
	return true
}
