package build

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
	"github.com/cairn-build/cairn/graph/toolset"
)

// Engine does builds in one workspace. It holds what is opened once: the cache, the runner, tools, fetchers. Its methods
// are for one goroutine at a time.
type Engine struct {
	o     Options
	kinds map[string]*rule.Rule
	calls map[string]rule.CallFunc

	mu       sync.Mutex
	cache    *disk.Cache
	cacheErr error
	runner   exec.Runner
	folders  exec.Runner // see apart
	tools    *toolset.Resolver
	fetchers map[string]fetch.Fetcher
	found    map[load.LockKey]map[string]string // what sources that follow were found to be
	seen     *state.Graph                       // the graph whose programs the last scan found to be as they were; nil where it did not
	fresh    bool                               // this process has evaluated the workspace
	resolved map[string]toolset.Tool
	built    *state.Graph    // as the last Build left it, see Program
	news     news            // what was found to be new since it was last emptied, see Look
	past     []*state.Graph  // of the last rounds, see Look
	spent    []*state.Graph  // what evaluations have replaced since then
	reads    []state.ReadRow // what the last evaluation read, if it failed
}

// Open makes an engine. It reads nothing: what it needs is opened when it is first used.
func Open(o Options) (*Engine, error) {
	if o.Jobs <= 0 {
		o.Jobs = runtime.NumCPU()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if o.Events == nil {
		o.Events = func(Event) {}
	}
	if (o.Platform == rule.Platform{}) {
		o.Platform = HostPlatform()
	}
	e := &Engine{o: o, kinds: map[string]*rule.Rule{}, calls: map[string]rule.CallFunc{}, fetchers: map[string]fetch.Fetcher{}, found: map[load.LockKey]map[string]string{}, resolved: map[string]toolset.Tool{}}
	for _, k := range o.Kinds {
		e.kinds[k.Kind] = k
		for name, f := range k.Calls {
			e.calls[name] = f
		}
	}
	return e, nil
}

// HostPlatform is the machine that cairn runs on, in the words of uname.
func HostPlatform() rule.Platform {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	if runtime.GOOS == "darwin" && runtime.GOARCH == "arm64" {
		arch = "arm64"
	}
	return rule.Platform{OS: runtime.GOOS, Arch: arch}
}

// endRunners ends what runs commands; what needs it next starts it anew. What a runner keeps ready shows programs as they were
// when it was made: a file that has another in its place since stays the old one there.
func (e *Engine) endRunners() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for _, r := range []exec.Runner{e.runner, e.folders} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	e.runner, e.folders = nil, nil
	return errors.Join(errs...)
}

// Kill ends all commands that run at once, whatever they do about signals, and lets no more start: it is for a person who does not
// want to wait for a Build that was cancelled. It may be called from any goroutine; the engine is still to be closed.
func (e *Engine) Kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range []exec.Runner{e.runner, e.folders} {
		if k, ok := r.(interface{ Kill() }); ok {
			k.Kill()
		}
	}
}

// Close ends helpers and gives back locks. The cache trims itself first, in a bounded slice, where it is due.
func (e *Engine) Close() error {
	err := e.endRunners()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cache != nil {
		err = cmp.Or(err, e.cache.Close())
	}
	return err
}

func (e *Engine) stateDir() string { return filepath.Join(e.o.Root, rule.OutDir, ".state") }

func (e *Engine) now() int64 { return e.o.Now().UnixNano() }

func (e *Engine) emit(ev Event) {
	ev.Time = e.o.Now()
	e.o.Events(ev)
}

func (e *Engine) notice(format string, args ...any) {
	e.emit(Event{Notice: &NoticeEvent{Text: fmt.Sprintf(format, args...)}})
}

// settings names all that decides how the workspace is evaluated besides what the evaluation reads.
func (e *Engine) settings() digest.Hash {
	h := sha256.New()
	put := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	put(e.o.Version)
	put(buildIdentity())
	put(e.o.Platform.String())
	for _, k := range slices.Sorted(maps.Keys(e.o.Vars)) {
		put(k)
		put(e.o.Vars[k])
	}
	return digest.Hash(h.Sum(nil))
}

// buildIdentity tells one build of cairn from another, so that a snapshot is never read by code that would have written
// another one: the binary's size and time of change.
func buildIdentity() string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	fi, err := os.Stat(exe)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d", fi.Size(), fi.ModTime().UnixNano())
}

// store opens the cache.
func (e *Engine) store() (*disk.Cache, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cache == nil && e.cacheErr == nil {
		e.cache, e.cacheErr = disk.Open(e.o.CacheDir, disk.Options{OnCorrupt: func(c *cache.CorruptError) {
			e.notice("the cache had wrong bytes for %s; they are put aside and made anew (%s)", c.Digest.Short(), c.Where)
		}})
		if e.cacheErr != nil {
			e.cacheErr = &action.EnvError{Err: e.cacheErr}
		}
	}
	return e.cache, e.cacheErr
}

// lookups is the cache for what only remembers: nil where it cannot be opened.
func (e *Engine) lookups() cache.Records {
	if c, err := e.store(); err == nil {
		return c
	}
	return nil
}

// run opens the runner.
func (e *Engine) run() (exec.Runner, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.runner == nil {
		r, err := local.New(local.Options{Mode: e.o.Sandbox, Workspace: e.o.Root, KeepDir: filepath.Join(e.stateDir(), "failed"), LinkDir: filepath.Join(e.stateDir(), "bin"), Slots: e.o.Jobs,
			Grace: e.o.Grace})
		if err != nil {
			return nil, &action.EnvError{Err: err}
		}
		e.runner = r
	}
	return e.runner, nil
}

// apart opens a runner whose commands write into folders of their own, for builds that otherwise work in place.
func (e *Engine) apart() (exec.Runner, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.folders == nil {
		r, err := local.New(local.Options{Mode: local.Folder, Workspace: e.o.Root, KeepDir: filepath.Join(e.stateDir(), "failed"), LinkDir: filepath.Join(e.stateDir(), "bin"), Slots: e.o.Jobs,
			Grace: e.o.Grace})
		if err != nil {
			return nil, err
		}
		e.folders = r
	}
	return e.folders, nil
}

func (e *Engine) fetcher(name string) (fetch.Fetcher, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f, ok := e.fetchers[name]; ok {
		return f, nil
	}
	mk, ok := e.o.Fetchers[name]
	if !ok {
		return nil, fmt.Errorf("internal error: no fetcher %q", name)
	}
	f := mk()
	e.fetchers[name] = f
	return f, nil
}

// scratch gives the folder of a scratch name, shared by workspaces.
func (e *Engine) scratch(name string) (string, error) {
	dir := filepath.Join(e.o.CacheDir, "scratch", name)
	return dir, os.MkdirAll(dir, 0o755)
}

// ParsePatterns reads the patterns of a command line given in package pkg; none means all below it.
func ParsePatterns(args []string, pkg string) ([]label.Pattern, error) {
	if len(args) == 0 {
		return []label.Pattern{{Kind: label.Below, Target: label.Label{Pkg: pkg}}}, nil
	}
	var ps []label.Pattern
	for _, a := range args {
		p, err := label.ParsePattern(a, pkg)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}
