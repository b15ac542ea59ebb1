package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// system is the transport that the git of the system is. The user's configuration counts, for that is where credentials,
// proxies, certificates and other spellings of addresses are; what would run the user's own programs beside a fetch does not.
type system struct {
	path    string
	environ func() []string
}

// settings go before each command.
var settings = []string{
	"core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false", "protocol.version=2",
	"fetch.writeCommitGraph=false", "fetch.recurseSubmodules=false", "fetch.unpackLimit=1000", "fetch.prune=false", "fetch.pruneTags=false",
	"fetch.showForcedUpdates=false", "transfer.bundleURI=false", "advice.detachedHead=false", "core.askPass=",
}

// local are the variables that tie git to a repository of the caller's, as in a hook.
var local = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_CONFIG",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_QUARANTINE_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DEFAULT_HASH",
	"GIT_ASKPASS", "SSH_ASKPASS", "GIT_LITERAL_PATHSPECS", "GIT_REF_PARANOIA", "LANGUAGE"}

// command makes a command of git's in m, or in no repository. The end of ctx ends its whole process group; it has no
// terminal that it could ask questions on.
func (s *system) command(ctx context.Context, m *mirror, args ...string) *exec.Cmd {
	var all []string
	for _, c := range settings {
		all = append(all, "-c", c)
	}
	if m != nil {
		all = append(all, "--git-dir="+m.dir)
	}
	c := exec.CommandContext(ctx, s.path, append(all, args...)...)
	for _, v := range s.environ() {
		if name, _, _ := strings.Cut(v, "="); !slices.Contains(local, name) {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "SSH_ASKPASS_REQUIRE=never", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_OPTIONAL_LOCKS=0", "GIT_ALLOW_PROTOCOL=file:git:http:https:ssh", "GCM_INTERACTIVE=never")
	if m != nil {
		c.Dir = m.dir
	} else {
		c.Dir = "/"
	}
	ownGroup(c)
	c.Cancel = func() error { return endGroup(c.Process.Pid) }
	c.WaitDelay = time.Second // a shared connection of ssh's, or a credential daemon, may outlive git with our pipes in its hands
	return c
}

// run runs a command to its end and gives its standard output.
func (s *system) run(ctx context.Context, m *mirror, args ...string) (string, error) {
	c := s.command(ctx, m, args...)
	var out strings.Builder
	stderr := &tail{}
	c.Stdout, c.Stderr = &out, stderr
	err := c.Run()
	if ctx.Err() != nil {
		if c.Process != nil {
			killGroup(c.Process.Pid)
		}
		return "", ctx.Err()
	}
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		return out.String(), nil // git itself ended well
	case errors.As(err, &exit):
		text := stderr.String()
		if text == "" {
			text = exit.Error()
		}
		return "", &gitError{text}
	case err != nil:
		return "", fmt.Errorf("start git: %w", err)
	}
	return out.String(), nil
}

// gitError is what git said when it failed.
type gitError struct{ text string }

// Error implements error.
func (e *gitError) Error() string { return "git says: " + e.text }

func (s *system) list(ctx context.Context, a address, names ...string) (refs, error) {
	out, err := s.run(ctx, nil, append([]string{"ls-remote", "--quiet", "--", a.text}, names...)...)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("cannot ask %s for its branches and tags: %w", a.show, err)
	}
	rs := refs{}
	for line := range strings.Lines(out) {
		// A name on the command line matches the end of refs; only whole names are meant.
		if id, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok && (len(names) == 0 || slices.Contains(names, name)) {
			rs[name] = id
		}
	}
	return rs, nil
}

// refusals are the ways in which a server says that it does not give something out.
var refusals = []string{"not our ref", "unadvertised object", "couldn't find remote ref", "could not find remote ref", "dumb http transport does not support",
	"Server does not allow request", "does not support shallow", "missing necessary objects", "no such remote ref"}

func (s *system) fetch(ctx context.Context, m *mirror, a address, spec []string, shallow bool) error {
	args := []string{"fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc", "--force"}
	switch {
	case shallow && !m.deep():
		args = append(args, "--depth=1")
	case !shallow && m.shallow():
		args = append(args, "--unshallow", "--prune")
	default:
		args = append(args, "--prune")
	}
	args = append(append(args, "--", a.text), spec...)
	_, err := s.run(ctx, m, args...)
	var said *gitError
	if errors.As(err, &said) && slices.ContainsFunc(refusals, func(r string) bool { return strings.Contains(said.text, r) }) {
		return errNotServed
	}
	return err
}

func (*system) suffix() string { return "" }

// tail keeps the end of what git says, without what may be secret in it. It is safe for concurrent use.
type tail struct {
	mu sync.Mutex
	b  []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if n := len(t.b); n > 8<<10 {
		t.b = slices.Delete(t.b, 0, n-4<<10)
	}
	return len(p), nil
}

// String gives the last lines, in one.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(t.b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "warning: ") {
			lines = append(lines, line)
		}
	}
	return redact(strings.Join(lines[max(0, len(lines)-6):], "; "))
}
