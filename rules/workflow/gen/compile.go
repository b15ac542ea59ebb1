package gen

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cairn-build/cairn/rules/workflow/adapter"
	"github.com/cairn-build/cairn/rules/workflow/gen/code"
	"github.com/cairn-build/cairn/rules/workflow/gen/manifest"
	"github.com/cairn-build/cairn/rules/workflow/gen/schema"
	"github.com/cairn-build/cairn/rules/workflow/gen/svg"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// DefaultPrefix is what names start with where Options.Prefix is "".
const DefaultPrefix = "wt-"

// Compile writes a workflow's package. An error is the user's: a diag.List, with places in the spec, of overrides that have no place and
// schemas that are none; others of a prefix, a version or an env_overrides that cannot be read.
func Compile(w *link.Workflow, o Options) (*Package, error) {
	prefix := cmp.Or(o.Prefix, DefaultPrefix)
	if err := manifest.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	dir, module := manifest.Names(prefix, w.Spec.ID)
	p := &Package{Dir: dir, Module: module}
	in := manifest.Input{Workflow: w, Dir: dir, Module: module, Version: manifest.Version{}.String(), Variant: o.Variant, Overrides: o.EnvOverrides}

	params, rjsf, err := schema.Build(w)
	if err != nil {
		return nil, placed(w, err)
	}
	pixi, err := manifest.Pixi(in)
	if err != nil {
		return nil, err
	}
	python := code.Options{Dist: dir, Module: module, Version: in.Version, SpecSum: specSum(w.Spec), Adapter: o.Adapter}
	files, err := code.Files(w, python)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		p.add(f.Path, f.Data)
	}
	graph := svg.Render(w)
	p.add("graph.svg", graph)
	p.add(module+"/graph.svg", graph)
	for _, doc := range []struct {
		name  string
		value *ojson.Object
	}{{"params.json", params}, {"rjsf.json", rjsf}} {
		if err := schema.Check(doc.name, doc.value); err != nil {
			return nil, placed(w, err)
		}
		b, err := ojson.Marshal(doc.value, "  ")
		if err != nil {
			return nil, fmt.Errorf("internal error: %s: %w", doc.name, err)
		}
		p.add(module+"/"+doc.name, append(b, '\n'))
	}
	if o.Adapter {
		for path, text := range adapter.Files() {
			p.add(module+"/adapter/"+path, []byte(text))
		}
	}
	p.add("Dockerfile", manifest.Dockerfile(in))
	p.add(".dockerignore", manifest.Dockerignore())
	p.add("pixi.toml", pixi)
	p.add("pyproject.toml", manifest.Pyproject(in))

	// What the fingerprints cover is all there, with the version 0.0.0 and without headers.
	f := manifest.Fingerprints{
		Spec:   python.SpecSum,
		Params: schema.Fingerprint(params),
		Basic:  p.sum("Dockerfile", "pixi.toml"),
		Strict: p.sum(),
	}
	v, err := next(o, f)
	if err != nil {
		return nil, err
	}
	if in.Version = v.String(); v != (manifest.Version{}) {
		if pixi, err = manifest.Pixi(in); err != nil {
			return nil, err
		}
		p.replace("pixi.toml", pixi)
		p.replace("pyproject.toml", manifest.Pyproject(in))
		python.Version = in.Version
		facts := code.Facts(w, python)
		p.replace(facts.Path, facts.Data)
	}
	p.add("VERSION.yaml", v.YAML())
	p.add("README.md", manifest.Readme(in, f))
	slices.SortFunc(p.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	for i := range p.Files {
		p.Files[i].Data = headed(p.Files[i], o.Compiler, f.Spec)
	}
	return p, nil
}

func (p *Package) add(path string, data []byte) { p.Files = append(p.Files, File{path, data}) }

func (p *Package) replace(path string, data []byte) {
	i := slices.IndexFunc(p.Files, func(f File) bool { return f.Path == path })
	p.Files[i].Data = data
}

// sum gives the SHA-256 of all files there are but some, whatever their order.
func (p *Package) sum(but ...string) string {
	lines := make([]string, 0, len(p.Files))
	for _, f := range p.Files {
		if !slices.Contains(but, f.Path) {
			lines = append(lines, fmt.Sprintf("%x %q\n", sha256.Sum256(f.Data), f.Path))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return cmp.Compare(a[64:], b[64:]) })
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// specSum gives the SHA-256 of what a spec means, without what it requires and what it says of itself.
func specSum(s *spec.Spec) string {
	c := *s
	c.Requirements, c.Metadata = nil, nil
	b, err := json.Marshal(&c)
	if err != nil {
		panic("internal error: a spec without JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// next gives the package's version: what the user says, or 0.0.0 for a first package, or that of the one before while nothing is
// another, or a minor one more where only parameters are as they were, or else the next major one.
func next(o Options, f manifest.Fingerprints) (manifest.Version, error) {
	if o.Version != "" {
		return manifest.ParseVersion(o.Version)
	}
	if o.Before == nil {
		return manifest.Version{}, nil
	}
	v, err := manifest.ParseVersion(o.Before.Version)
	switch {
	case err != nil:
		return v, err
	case o.Before.All == f.Strict:
		return v, nil
	case o.Before.Params == f.Params:
		return manifest.Version{v[0], v[1] + 1, 0}, nil
	}
	return manifest.Version{v[0] + 1, 0, 0}, nil
}
