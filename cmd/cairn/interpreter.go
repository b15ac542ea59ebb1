package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/rules/python"
)

// about says in a line what a script runs in: the environment with the version of the script's own library, or the host's
// interpreter.
func (a *app) about(l *build.Launch) string {
	s := l.Script
	version := a.pythonVersion(l.Argv[0])
	if s.Env == "" {
		return fmt.Sprintf("the host's %s (%s)", version, l.Argv[0])
	}
	list, _ := os.ReadFile(s.List)         // what is not there says nothing
	pyproject, _ := os.ReadFile(s.Project) // nor this
	if name, v := python.Library(list, pyproject); name != "" {
		return fmt.Sprintf("%s (%s, %s %s)", s.Env, version, name, v)
	}
	return fmt.Sprintf("%s (%s)", s.Env, version)
}

// pythonVersion gives "Python 3.11.7" for an interpreter; it is started once to tell, and the answer is kept in the cache as
// long as the file is the same. Of one that does not say, it is just "Python".
func (a *app) pythonVersion(file string) string {
	const unknown = "Python"
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return unknown
	}
	fi, err := os.Stat(real)
	cache, cerr := a.cacheDir()
	if err != nil || cerr != nil {
		return unknown
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d", real, fi.Size(), fi.ModTime().UnixNano()))
	kept := filepath.Join(cache, "runner", "python-"+hex.EncodeToString(sum[:8]))
	if b, err := os.ReadFile(kept); err == nil && len(b) > 0 {
		return string(b)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, file, "-I", "-S", "-c", "import platform; print(platform.python_implementation(), platform.python_version())")
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")} // a shim asks where its own things are
	out, err := c.Output()
	words := strings.Fields(string(out))
	if err != nil || len(words) != 2 || !plainText(words[1]) {
		return unknown
	}
	text := unknown + " " + words[1]
	if words[0] != "CPython" && plainText(words[0]) {
		text = words[0] + " " + words[1]
	}
	if os.MkdirAll(filepath.Dir(kept), 0o755) == nil {
		_ = replaceFile(kept, []byte(text)) // then it is asked again
	}
	return text
}
