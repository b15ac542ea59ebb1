package ui

import (
	"os"

	"golang.org/x/term"
)

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func terminalSize(f *os.File) (columns, rows int) {
	w, h, err := term.GetSize(int(f.Fd()))
	if err != nil || w <= 0 || h <= 0 {
		return 80, 24
	}
	return w, h
}

// color is the number of an SGR sequence.
type color string

const (
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	dim    color = "2"
	bold   color = "1"
)

// paint appends text to b, in colour where on says so.
func paint(b []byte, on bool, c color, text string) []byte {
	if !on {
		return append(b, text...)
	}
	b = append(b, "\x1b["...)
	b = append(b, c...)
	b = append(b, 'm')
	b = append(b, text...)
	return append(b, "\x1b[0m"...)
}
