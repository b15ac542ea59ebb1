package toolset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// Options configures a Resolver. The zero value finds programs where everybody has them, tells them apart by content and
// remembers nothing beyond the process.
type Options struct {
	// Search is where programs are looked for, in order; DefaultSearch by default. What is not found there is looked for in
	// the folders of PATH: so the caller's PATH decides about programs that the system does not have, and about no others.
	Search []string
	// Overrides gives a program's absolute path, before any search. It may be a shim or a link.
	Overrides map[string]string
	// Identity says how strictly a program is told apart: "content" (the default), "version" (the first line that it prints
	// when asked for its version) or "declared:<text>".
	Identity map[string]string
	Records  cache.Records // remembers identities by stat facts, kind cache.Tool; may be nil
	// Seen gives the identity of a program, or of the set "posix", all of whose files were looked at just now and are as they
	// were; zero for others. A record of that identity is taken without another look. May be nil.
	Seen   func(name string) digest.Hash
	Getenv func(string) (string, bool) // os.LookupEnv by default; PATH, HOME and what version managers look at
	Now    func() time.Time            // time.Now by default
}

// DefaultSearch is where programs are looked for first. It is the same for every user.
var DefaultSearch = []string{"/usr/local/bin", "/usr/bin", "/bin", "/usr/local/go/bin"}

// NotFoundError says that there is no such program. Test with errors.As.
type NotFoundError struct {
	Name   string
	Looked []string // folders, or the one path that was given
	Near   []string // programs that are spelled alike, nearest first
}

// Error implements error.
func (e *NotFoundError) Error() string {
	s := fmt.Sprintf("no program %q on this machine (looked in %s)", e.Name, strings.Join(e.Looked, ", "))
	switch pkg := debianPackage(e.Name); {
	case pkg != "":
		s += fmt.Sprintf("; Debian's package %s has it", pkg)
	case len(e.Near) > 0:
		s += fmt.Sprintf("; did you mean %q?", e.Near[0])
	}
	return s
}

// debianPackage names the package of Debian's that has a program which cairn's own kinds start, "" for other programs. For a compiler
// for another machine, a name that is spelled alike would be the one for this machine.
func debianPackage(program string) string {
	if program == "flex" {
		return "flex"
	}
	for _, end := range []string{"-linux-gnu-gcc", "-linux-gnu-g++"} {
		if machine, ok := strings.CutSuffix(program, end); ok {
			return "g++-" + strings.ReplaceAll(machine, "_", "-") + "-linux-gnu"
		}
	}
	return ""
}

// ShimError says that what was found is a stand-in of a version manager, and that the program behind it could not be
// found. Test with errors.As.
type ShimError struct {
	Name, Path string
	Detail     string
}

// Error implements error.
func (e *ShimError) Error() string {
	return fmt.Sprintf("%s: %s only stands for the real program, which could not be found: %s", e.Name, e.Path, e.Detail)
}

// Resolver finds programs and works out what they are. It is safe for concurrent use. What it has answered once it answers
// again without looking, until Refresh.
type Resolver struct {
	o Options

	memory *memory

	mu    sync.Mutex
	known map[string]*answer
}

// answer is what is known of one name, once done is closed.
type answer struct {
	done chan struct{}
	tool Tool
	err  error
}

// New gives a Resolver; it looks at nothing yet.
func New(o Options) *Resolver {
	if o.Search == nil {
		o.Search = DefaultSearch
	}
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Resolver{o: o, memory: newMemory(), known: map[string]*answer{}}
}

// Refresh forgets what was answered, so that programs that changed meanwhile are seen. Records stay.
func (r *Resolver) Refresh() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = map[string]*answer{}
}

// Where gives the path at which a program is found, before any link or shim is followed; nothing else is asked of it. Errors: *NotFoundError.
func (r *Resolver) Where(name string) (string, error) {
	f, err := r.find(name)
	return f.path, err
}

// Resolve finds and identifies the program called name, or the folder that rule.HostFolder names. Errors: *NotFoundError, *ShimError,
// *FolderError, ctx's, and those of reading the program's files.
func (r *Resolver) Resolve(ctx context.Context, name string) (Tool, error) {
	return r.once(ctx, name, func() (Tool, error) { return r.resolve(ctx, name) })
}

// Posix gives the one set of programs that scripts may call without naming them, as far as this machine has them. Its name is
// "posix" and its Path is empty.
func (r *Resolver) Posix(ctx context.Context) (Tool, error) {
	return r.once(ctx, "posix\x00", func() (Tool, error) { return r.posix(ctx) })
}

// once lets one caller work for all who ask for the same name meanwhile. Errors are not kept: what is missing may be
// installed, and a caller's context that ended is no answer for others.
func (r *Resolver) once(ctx context.Context, key string, f func() (Tool, error)) (Tool, error) {
	for {
		r.mu.Lock()
		a, ok := r.known[key]
		if !ok {
			a = &answer{done: make(chan struct{})}
			r.known[key] = a
			r.mu.Unlock()
			a.tool, a.err = f()
			if a.err != nil {
				r.mu.Lock()
				if r.known[key] == a {
					delete(r.known, key)
				}
				r.mu.Unlock()
			}
			close(a.done)
			return a.tool, a.err
		}
		r.mu.Unlock()
		select {
		case <-a.done:
		case <-ctx.Done():
			return Tool{}, ctx.Err()
		}
		if errors.Is(a.err, context.Canceled) || errors.Is(a.err, context.DeadlineExceeded) {
			continue // somebody else's end
		}
		return a.tool, a.err
	}
}

func (r *Resolver) resolve(ctx context.Context, name string) (Tool, error) {
	if IsFolder(name) {
		return r.folder(ctx, name)
	}
	if py, ok := strings.CutSuffix(name, packagesSuffix); ok {
		return r.packages(ctx, name, py)
	}
	f, err := r.find(name)
	if err != nil {
		return Tool{}, err
	}
	strict := r.o.Identity[name]
	if strict == "" {
		strict = "content"
	}
	key := r.recordKey(name, f.path, strict)
	if t, ok := r.remembered(key, name); ok {
		t.Files = append(t.Files, f.absent...)
		return t, nil
	}
	for range 3 {
		p := newParts(r, name)
		t, err := p.identify(ctx, f.path, strict)
		if err != nil {
			return Tool{}, err
		}
		if r.remember(key, &t, p.facts) {
			t.Files = append(t.Files, f.absent...)
			return t, nil
		}
	}
	return Tool{}, fmt.Errorf("%s: %s changes while it is looked at", name, f.path)
}
