package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/rules/python"
)

// findTools builds cairn and installs uv where none is named, and finds the interpreter and git.
func (b *bench) findTools() error {
	// What a shim starts is asked for: uv and venv are to use the same interpreter as cairn.
	out, err := exec.Command(b.python, "-I", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", b.python, err)
	}
	b.python = strings.TrimSpace(string(out))
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("there is no git")
	}
	if b.uv == "" {
		version, _, _, ok := python.UV(build.HostPlatform())
		if !ok {
			return fmt.Errorf("there is no uv for %s", build.HostPlatform())
		}
		tools := filepath.Join(b.Dir, "tools")
		b.uv = filepath.Join(tools, "bin/uv")
		if _, err := os.Stat(b.uv); err != nil {
			b.Note("installing uv %s", version)
			if err := sh(b.Dir, nil, b.python, "-m", "venv", tools); err != nil {
				return err
			}
			if err := sh(b.Dir, nil, filepath.Join(tools, "bin/pip"), "install", "-q", "uv=="+version); err != nil {
				return err
			}
		}
	}
	for _, p := range []*string{&b.Cairn, &b.uv} {
		if *p, err = filepath.Abs(*p); err != nil {
			return err
		}
	}
	return nil
}

// sh runs a command that is not measured.
func sh(dir string, env []string, argv ...string) error {
	_, _, err := step{dir, env, argv}.run(false)
	return err
}

// uvEnv is uv's environment: its cache in the folder, the interpreter that there is, and the index that pip is set up for.
func (b *bench) uvEnv() []string {
	env := []string{"UV_CACHE_DIR=" + filepath.Join(b.Dir, "uv-cache"), "UV_PYTHON_DOWNLOADS=never", "UV_PYTHON=" + b.python, "UV_NO_CONFIG=1", "UV_NO_PROGRESS=1"}
	for _, n := range []struct{ pip, uv string }{{"global.index-url", "UV_DEFAULT_INDEX"}, {"global.extra-index-url", "UV_INDEX"}, {"global.cert", "SSL_CERT_FILE"}} {
		out, err := exec.Command(b.python, "-m", "pip", "config", "get", n.pip).Output()
		if v := strings.TrimSpace(string(out)); err == nil && v != "" && os.Getenv(n.uv) == "" {
			env = append(env, n.uv+"="+v)
		}
	}
	return env
}

// pipEnv is pip's environment: as the user has it, with a cache in the folder.
func (b *bench) pipEnv() []string {
	return []string{"PIP_CACHE_DIR=" + filepath.Join(b.Dir, "pip-cache"), "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1"}
}

// cairnEnv is cairn's environment with one of its caches. It finds the interpreter that the others are given.
func (b *bench) cairnEnv(cache string) []string {
	return []string{"CAIRN_CACHE=" + cache, "NO_COLOR=1", "PATH=" + filepath.Dir(b.python) + ":" + os.Getenv("PATH")}
}
