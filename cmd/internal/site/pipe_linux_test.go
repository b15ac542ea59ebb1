package site

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe in place of a .dep file says nothing until somebody writes into it, and nobody will.
func TestPipeIsNoDepFile(t *testing.T) {
	tree := Tree{Module: "low", Version: "1.0.0", Dir: t.TempDir()}
	name := tree.DepFile("linux-x86_64")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ds := tree.Deps("linux-x86_64"); len(ds) != 1 || ds[0].Code != "unreadable" || ds[0].Range.File != name {
		t.Errorf("%v", ds)
	}
}
