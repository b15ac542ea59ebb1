package toolset

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// askTimeout bounds how long a program may think about its version.
const askTimeout = 30 * time.Second

// ask starts a program in the root folder, with no input, and gives what it prints on its two outputs.
func (r *Resolver) ask(ctx context.Context, env []string, argv ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Dir, c.Env = "/", env
	c.WaitDelay = time.Second
	var out, msg strings.Builder
	c.Stdout, c.Stderr = &out, &msg
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return "", "", ctx.Err()
		}
		if m := strings.TrimSpace(msg.String()); m != "" {
			err = errors.New(m)
		}
		return "", "", fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	return out.String(), msg.String(), nil
}

// plainEnv is what programs are asked with: nothing of the caller's but the folders of PATH, for those that start others.
func (r *Resolver) plainEnv() []string {
	return []string{"PATH=" + strings.Join(r.dirs(), ":"), "LC_ALL=C"}
}

// selectors are the variables that decide what version managers start.
var selectors = []string{"HOME", "PYENV_ROOT", "PYENV_VERSION", "RBENV_ROOT", "RBENV_VERSION", "NODENV_ROOT", "NODENV_VERSION",
	"GOENV_ROOT", "GOENV_VERSION", "ASDF_DIR", "ASDF_DATA_DIR", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME", "MISE_DATA_DIR",
	"MISE_CONFIG_DIR", "VOLTA_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}

// shimEnv is what version managers are asked with.
func (r *Resolver) shimEnv() []string {
	env := []string{"LC_ALL=C", "PATH=" + strings.Join(r.dirs(), ":"), "RUSTUP_AUTO_INSTALL=0"}
	for _, n := range selectors {
		if v, ok := r.o.Getenv(n); ok {
			env = append(env, n+"="+v)
		}
	}
	return env
}
