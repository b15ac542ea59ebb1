package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// enter goes to the directory that -C names and gives the UI the look that the flags ask for.
func (a *app) enter() error {
	if d := a.flags.dir; d != "" {
		if err := os.Chdir(d); err != nil {
			return &usageError{fmt.Sprintf("-C %s: %s", d, plainError(err)), ""}
		}
	}
	s := ui.Detect(os.Stdout, os.Stderr, a.getenv, a.flags.color)
	s.Logs, s.Now = ui.Logs(a.flags.logs), a.now
	a.ui = ui.New(s)
	return nil
}

// session is a command's hold on a workspace. Close it.
type session struct {
	*app
	root   string // of the workspace, absolute
	pkg    string // the package that relative patterns start from
	engine *build.Engine
	log    *ui.EventLog
	trace  *ui.Profile
	last   *build.Summary // of the last build, for the event log
	lent   bool           // the log is not this session's to end
}

// open finds the workspace and opens an engine on it.
func (a *app) open() (*session, error) { return a.openTapped(nil) }

// openTapped is open for who wants to hear all events, too. tap is called from several goroutines; it may be nil.
func (a *app) openTapped(tap func(build.Event)) (*session, error) {
	root, pkg, err := findWorkspace()
	if err != nil {
		return nil, err
	}
	return a.openAt(root, pkg, func(show func(build.Event)) func(build.Event) {
		if tap == nil {
			return show
		}
		return func(e build.Event) {
			tap(e)
			show(e)
		}
	})
}

// openAt opens an engine on a workspace; events go where wrap sends them, to show or elsewhere.
func (a *app) openAt(root, pkg string, wrap func(show func(build.Event)) func(build.Event)) (*session, error) {
	s := &session{app: a, root: root, pkg: pkg}
	o, err := a.options(root)
	if err != nil {
		return nil, err
	}
	if o.Events, err = s.sinks(); err != nil {
		return nil, err
	}
	o.Events = wrap(o.Events)
	if s.engine, err = build.Open(o); err != nil {
		return nil, errors.Join(err, s.closeSinks(exitEnvironment))
	}
	a.kills.add(s.engine.Kill)
	return s, nil
}

// close ends the session after a command that came to err, and gives what the command comes to.
func (s *session) close(err error) error {
	err = errors.Join(err, s.engine.Close())
	code := exitOK
	var e exitError
	switch {
	case errors.As(err, &e):
		code = int(e)
	case err != nil:
		code = exitFailed
	}
	return errors.Join(err, s.closeSinks(code))
}

// with runs f in a session.
func (a *app) with(f func(*session) error) error {
	s, err := a.open()
	if err != nil {
		return err
	}
	return s.close(f(s))
}

// options fills in what holds for the whole engine.
func (a *app) options(root string) (build.Options, error) {
	f := &a.flags
	dir, err := a.cacheDir()
	if err != nil {
		return build.Options{}, err
	}
	o := wired(dir)
	o.Root, o.CacheDir = root, dir
	o.Version = version
	o.Platform = build.HostPlatform()
	o.Getenv, o.Now = a.getenv, a.now
	o.Jobs, o.Sandbox, o.KeepGoing, o.Force = f.jobs, f.sandbox, f.keepGoing, f.force
	o.Offline, o.Locked = f.offline, f.locked
	o.LastSeen = filepath.Dir(root) == filepath.Join(dir, adhocTop) // nobody commits the lock file of an ad-hoc run
	o.Stream = f.logs == string(ui.Stream)
	for _, w := range f.noCache {
		o.NoCacheRead = o.NoCacheRead || w == "read"
		o.NoCacheSave = o.NoCacheSave || w == "write"
	}
	if f.platform != "" {
		os, arch, ok := strings.Cut(f.platform, "-")
		if !ok || os == "" || arch == "" {
			return o, usagef("--platform takes OS-ARCH (linux-x86_64, darwin-arm64), not %q", f.platform)
		}
		o.Platform = rule.Platform{OS: os, Arch: arch}
	}
	for _, v := range f.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return o, usagef("--var takes NAME=VALUE, not %q", v)
		}
		if o.Vars == nil {
			o.Vars = map[string]string{}
		}
		o.Vars[name] = value
	}
	o.Command = commandLine()
	return o, nil
}

// cacheDir is where the cache lies.
func (a *app) cacheDir() (string, error) {
	d, err := disk.DefaultDir(func(name string) string { v, _ := a.getenv(name); return v })
	if err != nil {
		return "", &environmentError{err}
	}
	return d, nil
}

// commandLine is how this process was called, for logs and for processes that wait for it. Values of variables, what scripts are
// called with, and passwords in addresses stay out.
func commandLine() string {
	args := os.Args[1:]
	words := []string{"cairn"}
	for i := 0; i < len(args); i++ {
		w := args[i]
		if w == "--" {
			words = append(words, "-- ...")
			break
		}
		flag, value, given := strings.Cut(w, "=")
		if slices.Contains([]string{"--var", "--init-args", "--main-args"}, flag) && (given || i+1 < len(args)) {
			if !given {
				i++
				value = args[i]
			}
			w = flag + "=..."
			if flag == "--var" {
				name, _, _ := strings.Cut(value, "=")
				w = flag + "=" + name + "=..."
			}
		}
		words = append(words, diag.HideCredentials(w))
	}
	return strings.Join(words, " ")
}

// sinks opens the files of --events and --profile and gives the function that all events go to.
func (s *session) sinks() (func(build.Event), error) {
	create := func(flag, name string) (io.WriteCloser, error) {
		f, err := os.Create(name)
		if err != nil {
			return nil, &environmentError{fmt.Errorf("--%s %s: %s", flag, name, plainError(err))}
		}
		return f, nil
	}
	if s.events != nil {
		s.log, s.lent = s.events, true
	} else if name := s.flags.events; name != "" {
		f, err := create("events", name)
		if err != nil {
			return nil, err
		}
		s.log = ui.NewEventLog(f, version, commandLine(), s.now)
	}
	if name := s.flags.profile; name != "" {
		f, err := create("profile", name)
		if err != nil {
			return nil, errors.Join(err, s.closeSinks(exitEnvironment))
		}
		s.trace = ui.NewProfile(f, s.now)
	}
	if s.log == nil && s.trace == nil {
		return s.ui.Event, nil
	}
	return func(e build.Event) {
		s.ui.Event(e)
		if s.log != nil {
			s.log.Event(e)
		}
		if s.trace != nil {
			s.trace.Event(e)
		}
	}, nil
}

func (s *session) closeSinks(exit int) error {
	var errs []error
	if s.log != nil && !s.lent {
		if err := s.log.Close(s.last, exit); err != nil {
			errs = append(errs, &environmentError{fmt.Errorf("--events: %w", err)})
		}
	}
	if s.trace != nil {
		if err := s.trace.Close(); err != nil {
			errs = append(errs, &environmentError{fmt.Errorf("--profile: %w", err)})
		}
	}
	return errors.Join(errs...)
}

// patterns reads the targets of a command line; none, or only ones that leave out, start from all below the current folder.
func (s *session) patterns(args []string) ([]label.Pattern, error) {
	var ps []label.Pattern
	plus := false
	for _, text := range showMinus(args) {
		p, err := label.ParsePattern(text, s.pkg)
		if err != nil {
			return nil, &usageError{err.Error(), ""}
		}
		plus = plus || !p.Minus
		ps = append(ps, p)
	}
	if !plus {
		ps = append([]label.Pattern{{Kind: label.Below, Target: label.Label{Pkg: s.pkg}}}, ps...)
	}
	return ps, nil
}

// target reads the one target that a command works on.
func (s *session) target(text string) (label.Label, error) {
	p, err := label.ParsePattern(text, s.pkg)
	if err != nil {
		return label.Label{}, &usageError{err.Error(), ""}
	}
	if p.Minus || !p.Exact() {
		return label.Label{}, usagef("%s is a pattern, and one target is wanted here", p)
	}
	return p.Target, nil
}

// problems shows problems with the lines of the workspace that they are about.
func (a *app) problems(l diag.List) {
	root, _, err := findWorkspace()
	a.ui.Problems(l, func(file string) []byte {
		if err != nil {
			return nil
		}
		return readSource(filepath.Join(root, filepath.FromSlash(file)))
	})
}

// readSource reads a file to show lines of; nil where that cannot be.
func readSource(file string) []byte {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return b
}

// plainError drops the operation and the path that the caller names already.
func plainError(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// noArgs refuses arguments in words of ours.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, and %q is one", c.CommandPath(), args[0])
	}
	return nil
}

// exactly gives a check of the number of arguments before `--`.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if d := c.ArgsLenAtDash(); d >= 0 {
			args = args[:d]
		}
		if len(args) != n {
			return &usageError{fmt.Sprintf("%s takes %s", c.CommandPath(), what), "Usage: " + useLine(c)}
		}
		return nil
	}
}
