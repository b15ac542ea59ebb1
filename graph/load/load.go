// Package load reads BUILD.hcl files: it finds the packages of a workspace and evaluates their targets for a platform. It
// is the only place, with its subpackages, that knows HCL. It decides nothing about how targets depend on each other: that
// a label names a target, that it may be used, that there is no cycle, is graph/analysis's matter.
package load

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Options is what Load needs to know.
type Options struct {
	Root    string                // absolute path of the workspace
	Kinds   map[string]*rule.Rule // by Rule.Kind
	Host    rule.Platform         // what targets are evaluated for
	Version string                // of cairn, for workspace.requires; one that is no version keeps every constraint
	Vars    map[string]string     // --var
	Getenv  func(string) (string, bool)
	FS      FS // nil: the disk below Root
	// GitDescribe says where a folder (absolute) stands in git's history, for git_describe(); nil: an error.
	GitDescribe func(dir string) (string, error)
	Jobs        int // packages read at once; 0: the number of processors

	steps int64 // tests lower maxSteps
}

// Workspace is all that was loaded. Its fields must not be changed; its methods are safe for concurrent use.
type Workspace struct {
	Name     string
	Root     string
	Settings Settings
	Packages []*Package     // sorted by path
	Targets  []*rule.Target // sorted by label, instances expanded; those without errors
	// Groups gives, for each target with a for_each, its instances in the order of their keys.
	Groups map[label.Label][]label.Label
	Lock   *Lock
	Local  *Local
	Vars   []Var // sorted by name

	l       *loader
	index   map[label.Label]*rule.Target
	mu      sync.Mutex
	units   map[unitID]*platformUnit
	derived map[derivedID]*rule.Target
}

type unitID struct {
	pkg string
	p   rule.Platform
}

type derivedID struct {
	label label.Label
	p     rule.Platform
}

// platformUnit is a package evaluated for another platform.
type platformUnit struct {
	targets map[label.Label]*rule.Target
	diags   diag.List
}

// loader is what the evaluations of all packages share.
type loader struct {
	o         Options
	rec       *recorder
	kinds     map[string]*kind
	kindNames []string
	packages  map[string]bool // folders that are packages
	nested    map[string]bool // folders that are workspaces of their own
	holds     map[string]bool // folders that are or hold packages
	varNames  []string
	ctx       *hcl.EvalContext      // var.* and the pure functions
	poisoned  bool                  // a variable has an error
	defaults  map[string]rule.Value // of the workspace block
	varying   map[string][]byte
}

// Load reads and evaluates the whole workspace. It gives what could be loaded, and all problems of all files, sorted.
// The Workspace is never nil. Where the list has errors, targets may be missing.
func Load(ctx context.Context, o Options) (*Workspace, diag.List) {
	if o.FS == nil {
		o.FS = Disk(o.Root)
	}
	if o.Getenv == nil {
		o.Getenv = func(string) (string, bool) { return "", false }
	}
	if o.steps == 0 {
		o.steps = maxSteps
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	l := &loader{o: o, rec: newRecorder(o), kinds: map[string]*kind{}, packages: map[string]bool{}, nested: map[string]bool{}, holds: map[string]bool{},
		varying: map[string][]byte{}, ctx: baseContext().NewChild()}
	for name, r := range o.Kinds {
		l.kinds[name] = newKind(r)
	}
	l.kindNames = sortedKeys(l.kinds)
	w := &Workspace{Root: o.Root, Groups: map[label.Label][]label.Label{}, Lock: NewLock(), Local: &Local{}, l: l,
		index: map[label.Label]*rule.Target{}, units: map[unitID]*platformUnit{}, derived: map[derivedID]*rule.Target{}}
	files, ds := l.discover(ctx)
	if ctx.Err() != nil {
		return w, diag.List{{Code: "interrupted", Summary: "Loading was interrupted"}}
	}
	ds = append(ds, w.sideFiles()...)
	body, rootDiags := l.root(w, files)
	ds = append(ds, rootDiags...)
	if body == nil {
		// Without the root there are no variables to evaluate with, but what is wrong elsewhere can be told all the same.
		ds = append(ds, l.syntaxOnly(ctx, files)...)
		return w, ds.Sort()
	}
	units := make([]*unit, len(files))
	results := make([]diag.List, len(files))
	parallel(ctx, o.Jobs, len(files), func(i int) {
		f := &files[i]
		b := body
		if f.pkg != "" {
			b, results[i] = parse(f.src, joinPath(f.pkg, BuildFile))
		}
		if b != nil {
			u := newUnit(l, f.pkg, o.Host)
			u.evaluatePackage(b)
			units[i], results[i] = u, u.diags
		}
		f.src = nil
	})
	if ctx.Err() != nil {
		return w, diag.List{{Code: "interrupted", Summary: "Loading was interrupted"}}
	}
	for i, u := range units {
		ds = append(ds, results[i]...)
		if u != nil {
			w.add(u)
		}
	}
	return w, ds.Sort()
}

// Reads gives every answer that the evaluation got from outside, For and Late values so far included, sorted by kind and path.
func (w *Workspace) Reads() []Read { return w.l.rec.all() }

// Target gives the target called l, nil where there is none.
func (w *Workspace) Target(l label.Label) *rule.Target { return w.index[l] }

func (w *Workspace) add(u *unit) {
	slices.SortFunc(u.targets, func(a, b *rule.Target) int { return strings.Compare(a.Label.Name, b.Label.Name) })
	p := &Package{Path: u.path, File: u.file, Description: u.doc, Tags: u.tags, Visibility: u.visibility, Targets: make([]label.Label, len(u.targets))}
	for i, t := range u.targets {
		p.Targets[i] = t.Label
		w.index[t.Label] = t
	}
	w.Packages = append(w.Packages, p)
	w.Targets = append(w.Targets, u.targets...)
	for l, g := range u.groups {
		w.Groups[l] = g
	}
	u.targets, u.diags, u.groups = nil, nil, nil
}

// For gives the target called l as it is for another platform: `platform` and select mean that one. It evaluates the
// target's package once for each platform, and not at all where the package does not ask for it.
func (w *Workspace) For(l label.Label, p rule.Platform) (*rule.Target, diag.List) {
	t := w.index[l]
	if t == nil {
		return nil, diag.List{{Code: "unknown-label", Summary: fmt.Sprintf("There is no target %s", l)}}
	}
	if p == t.Platform {
		return t, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	src, varies := w.l.varying[l.Pkg]
	if !varies {
		d := w.derived[derivedID{l, p}]
		if d == nil {
			c := *t
			c.Platform = p
			d = &c
			w.derived[derivedID{l, p}] = d
		}
		return d, nil
	}
	pu := w.units[unitID{l.Pkg, p}]
	if pu == nil {
		pu = &platformUnit{targets: map[label.Label]*rule.Target{}}
		body, ds := parse(src, joinPath(l.Pkg, BuildFile))
		if body == nil {
			return nil, ds
		}
		u := newUnit(w.l, l.Pkg, p)
		u.evaluatePackage(body)
		for _, t := range u.targets {
			pu.targets[t.Label] = t
		}
		pu.diags = u.diags.Sort()
		w.units[unitID{l.Pkg, p}] = pu
	}
	if t := pu.targets[l]; t != nil {
		return t, nil
	}
	// The target itself has an error for this platform; so may others of its package, which nobody asked for.
	context := fmt.Sprintf("%s %q", t.Kind, l.Base())
	var ds diag.List
	for _, d := range pu.diags {
		if d.Context == context {
			ds = append(ds, d)
		}
	}
	if !ds.HasErrors() {
		ds = pu.diags
	}
	return nil, ds
}

// root reads the root package's syntax, its workspace block and the variables. It gives no body where the file has a
// syntax error.
func (l *loader) root(w *Workspace, files []source) (*hclsyntax.Body, diag.List) {
	i := slices.IndexFunc(files, func(f source) bool { return f.pkg == "" })
	if i < 0 {
		return nil, diag.List{{Code: "no-workspace", Summary: "No workspace here", Detail: fmt.Sprintf("%s has no %s.", w.Root, BuildFile)}}
	}
	body, ds := parse(files[i].src, BuildFile)
	if body == nil {
		return nil, ds
	}
	u := newUnit(l, "", l.o.Host)
	var spaces, vars []*hclsyntax.Block
	for _, b := range body.Blocks {
		switch b.Type {
		case "workspace":
			spaces = append(spaces, b)
		case "variable":
			vars = append(vars, b)
		}
	}
	if len(spaces) == 0 {
		u.report(diag.Diag{Code: "no-workspace", Summary: "No workspace here", Detail: "The root's " + BuildFile + " has no workspace block.",
			Range: diag.Range{File: BuildFile}, Hint: "workspace \"name\" {}"})
	}
	w.Name, w.Settings = u.workspaceBlocks(spaces)
	l.defaults = w.Settings.Defaults
	values, shown := u.variables(vars, w.Local)
	w.Vars = shown
	l.ctx.Variables = map[string]cty.Value{"var": cty.ObjectVal(values)}
	l.poisoned = u.poisoned
	return body, u.diags
}

// sideFiles reads the lock file and the local file.
func (w *Workspace) sideFiles() (ds diag.List) {
	read := func(name string, parse func([]byte) diag.List) {
		b, err := w.l.rec.read(name)
		switch {
		case err == nil:
			ds = append(ds, parse(b)...)
		case !missing(err):
			ds = append(ds, diag.Diag{Code: "unreadable", Summary: "Cannot read " + name, Detail: capital(reason(err)) + ".", Range: diag.Range{File: name}})
		}
	}
	read(LockFile, func(b []byte) (ds diag.List) { w.Lock, ds = ParseLock(b, LockFile); return ds })
	read(LocalFile, func(b []byte) (ds diag.List) { w.Local, ds = parseLocal(b); return ds })
	return ds
}

// syntaxOnly gives the syntax errors of all packages but the root.
func (l *loader) syntaxOnly(ctx context.Context, files []source) diag.List {
	results := make([]diag.List, len(files))
	parallel(ctx, l.o.Jobs, len(files), func(i int) {
		if files[i].pkg != "" {
			_, results[i] = parse(files[i].src, joinPath(files[i].pkg, BuildFile))
		}
	})
	return slices.Concat(results...)
}

// parallel calls f with each of 0..n-1, on a few goroutines. It returns when all calls have, or early when ctx is done.
func parallel(ctx context.Context, jobs, n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(jobs, n) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
}

// ErrNoWorkspace says that no folder from the given one upwards is a workspace's root.
var ErrNoWorkspace = errors.New("not in a workspace: no " + BuildFile + " with a workspace block here or above")

// FindRoot gives the nearest folder from dir upwards whose BUILD.hcl has a workspace block, absolute; ErrNoWorkspace
// where there is none.
func FindRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		b, err := readPlain(filepath.Join(dir, BuildFile))
		if err == nil && hasWorkspace(b) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ErrNoWorkspace
		}
		dir = up
	}
}
