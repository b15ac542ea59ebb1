package main

import (
	"bytes"
	"os"
	"strings"
)

// neverCalled says whether a plain script looks as if its functions were to be called by somebody: it has a function main and
// says nothing of who calls it.
func neverCalled(argv []string) bool {
	for _, w := range argv[1:] {
		if strings.HasPrefix(w, "-") {
			continue
		}
		fi, err := os.Stat(w)
		if err != nil || fi.Size() > 1<<20 {
			return false
		}
		b, err := os.ReadFile(w)
		return err == nil && (bytes.HasPrefix(b, []byte("def main(")) || bytes.Contains(b, []byte("\ndef main("))) &&
			!bytes.Contains(b, []byte("__main__")) && !bytes.Contains(b, []byte("\nmain("))
	}
	return false
}
