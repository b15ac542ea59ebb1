package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// prepare builds cairn and the environments, and lays a copy of examples/ecology.
func (b *bench) prepare() error {
	// What a shim starts is asked for.
	out, err := exec.Command(b.python, "-I", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", b.python, err)
	}
	b.python = strings.TrimSpace(string(out))
	if err := figures.RemoveAll(b.Path("ecology")); err != nil {
		return err
	}
	if err := os.CopyFS(b.Path("ecology"), os.DirFS("examples/ecology")); err != nil {
		return err
	}
	if err := figures.RemoveAll(b.Path("ecology", "cairn-out")); err != nil {
		return err
	}
	b.Note("building the environment and the workflows of examples/ecology")
	_, err = b.build(b.Path("ecology"), "//...")
	return err
}

// env is cairn's environment: a cache in the folder, and the interpreter that was found.
func (b *bench) env() []string {
	return []string{"CAIRN_CACHE=" + b.Path("cache"), "NO_COLOR=1", "PATH=" + filepath.Dir(b.python) + ":" + os.Getenv("PATH")}
}

// build builds in a workspace and gives how long it took.
func (b *bench) build(dir string, args ...string) (time.Duration, error) {
	took, err := figures.Command{Dir: dir, Env: b.env(), Argv: append([]string{b.Cairn, "build"}, args...)}.Run()
	return took, err
}
