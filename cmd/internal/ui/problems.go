package ui

import "github.com/cairn-build/cairn/graph/diag"

// Problems writes problems to standard error, each with the lines of source that it is about, and how many there are.
// source reads a file as diag.Range names it, and gives nil
// where it cannot.
func (u *UI) Problems(l diag.List, source func(file string) []byte) {
	u.endTicker()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	u.results()
	errors := 0
	for i, d := range l {
		text := diag.Render(d, source, u.s.ErrColor)
		if i > 0 {
			text = "\n" + text
		}
		u.s.Stderr.Write([]byte(text))
		if !d.Warning {
			errors++
		}
	}
	if errors > 1 {
		u.above([]byte("\ncairn: " + plural(errors, "problem") + "\n"))
	}
}
