package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/config"

	"github.com/cairn-build/cairn/graph/fetch"
)

// maxNesting is how deep submodules may lie in each other.
const maxNesting = 10

// project is one repository of a tree with submodules: the one that was declared, or a submodule of it.
type project struct {
	f       *Fetcher
	ctx     context.Context
	url     string // as it was declared; what relative addresses of submodules start at
	at      address
	commit  string
	subdir  string // of the tree that is written, in the repository
	request fetch.Request
	nesting int
	places  map[string]string // path in the repository -> address; nil as long as nobody asked
}

// where names the repository and the commit for messages.
func (p *project) where() string { return p.at.show + " " + short(p.commit) }

// export writes a tree of the project below into, and those of its submodules into theirs where that is wanted.
func (p *project) export(s objectStore, tree string, into *os.Root) error {
	o := exportOptions{emptySubmodules: p.request.EmptySubmodules, where: p.where()}
	if p.request.Submodules {
		o.submodule = func(e entry, into *os.Root, at string) error { return p.submodule(s, e, into, path.Join(p.subdir, at)) }
	}
	return export(p.ctx, s, tree, into, o)
}

// submodule writes the tree of one. Its commit is written down in the tree around it, so that nothing has to be resolved.
func (p *project) submodule(s objectStore, e entry, into *os.Root, at string) error {
	refuse := func(code, why, hint string) error {
		return &fetch.DeclaredError{Code: code, Summary: fmt.Sprintf("The submodule %q of %s cannot be fetched", at, p.where()), Detail: why, Hint: hint}
	}
	if p.places == nil {
		if err := p.readPlaces(s); err != nil {
			return err
		}
	}
	text, ok := p.places[at]
	switch {
	case !ok:
		return refuse("submodule-unknown", "Its .gitmodules does not say where it comes from.", "Write submodules = false to leave its folder empty.")
	case p.nesting == maxNesting:
		return refuse("submodule-depth", fmt.Sprintf("Submodules lie in submodules, more than %d deep.", maxNesting), "")
	}
	full, err := relativeAddress(p.url, text)
	if err != nil {
		return refuse("bad-url", fmt.Sprintf("It comes from %q, and %v.", redact(text), err), "")
	}
	if isLocal(full) && !isLocal(p.url) {
		return refuse("bad-url", fmt.Sprintf("It comes from %q, a place on whatever machine fetches it.", text), "")
	}
	a, err := parseAddress(full, p.request.Root)
	if err == nil {
		sub := &project{f: p.f, ctx: p.ctx, url: full, at: a, commit: e.id, request: p.request, nesting: p.nesting + 1}
		err = p.f.healing(p.ctx, a, e.id, e.id, p.request.Offline, func(m *mirror) error {
			return p.f.with(p.ctx, m, func(s objectStore) error {
				tree, err := treeAt(s, a, e.id, "")
				if err != nil {
					return err
				}
				return sub.export(s, tree, into)
			})
		}, func() error { return empty(into) })
	}
	var declared *fetch.DeclaredError
	var damaged *damagedError
	switch {
	case err == nil || p.ctx.Err() != nil:
		return err
	case errors.As(err, &declared):
		return &fetch.DeclaredError{Code: declared.Code, Summary: fmt.Sprintf("The submodule %q of %s cannot be fetched", at, p.where()), Detail: declared.Error(), Hint: declared.Hint}
	case errors.As(err, &damaged):
		return fmt.Errorf("the submodule %q of %s: %v", at, p.where(), err) // the mirror around it is sound
	}
	return fmt.Errorf("the submodule %q of %s: %w", at, p.where(), err)
}

// readPlaces reads .gitmodules, which lies at the root of the repository whatever the subdir.
func (p *project) readPlaces(s objectStore) error {
	b, err := readFile(s, p.at, p.commit, ".gitmodules")
	if errors.Is(err, fs.ErrNotExist) {
		b, err = nil, nil
	}
	if err != nil {
		return err
	}
	if p.places, err = parseModules(b); err != nil {
		return &fetch.DeclaredError{Code: "bad-gitmodules", Summary: fmt.Sprintf("%q of %s cannot be used", ".gitmodules", p.where()), Detail: err.Error() + "."}
	}
	return nil
}

// parseModules gives the address of each path that a .gitmodules names; see gitmodules(5).
func parseModules(b []byte) (map[string]string, error) {
	places := map[string]string{}
	if len(b) == 0 {
		return places, nil
	}
	if len(b) > 1<<20 {
		return nil, errors.New("it is longer than 1 MiB")
	}
	m := config.NewModules()
	if err := m.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("it is malformed: %w", err)
	}
	for _, s := range m.Submodules {
		if s.Path != "" && s.URL != "" {
			places[path.Clean(s.Path)] = s.URL
		}
	}
	return places, nil
}

// isLocal says whether an address leads to a place on this machine.
func isLocal(text string) bool {
	return strings.HasPrefix(text, workspaceScheme) || strings.HasPrefix(strings.ToLower(text), "file:")
}

// relativeAddress resolves the address of a submodule: one that starts with ./ or ../ is relative to the repository around it, as
// if that were a folder.
func relativeAddress(base, text string) (string, error) {
	if !strings.HasPrefix(text, "./") && !strings.HasPrefix(text, "../") {
		return text, nil
	}
	// What cannot be climbed out of: the scheme with the host, the host of the short form, the workspace, nothing for files.
	root, rest := "", base
	if scheme, after, ok := strings.Cut(base, "://"); ok {
		host, p, _ := strings.Cut(after, "/")
		root, rest = scheme+"://"+host+"/", p
	} else if host, p, ok := strings.Cut(base, ":"); ok {
		root, rest = host+":", p
		if strings.HasPrefix(rest, "/") {
			root, rest = root+"/", rest[1:]
		}
	}
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' })
	for part := range strings.SplitSeq(text, "/") {
		switch {
		case part == "." || part == "":
		case part == "..":
			if len(parts) == 0 {
				return "", fmt.Errorf("that leads out of %s", strings.TrimSuffix(redact(root), "/"))
			}
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "", errors.New("that is no repository")
	}
	return root + strings.Join(parts, "/"), nil
}
