package python

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// requirements is a requirements.txt in which every line has an exact version and hashes. It names no files: which of its
// hashes is which file the index must tell.
type requirements struct{ packages []pkg }

var requirementForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*===?\s*([A-Za-z0-9.!+_-]+)\s*(?:;(.*))?$`)
})

// harmless are options that say where files are, or repeat what always holds here.
var harmless = []string{"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--no-index", "--require-hashes",
	"--only-binary", "--prefer-binary", "--no-binary"}

func readRequirements(doc string) (lock, error) {
	r := &requirements{}
	err := logicalLines(doc, func(n int, line string) error {
		if option(line) {
			return nil
		}
		p, err := requirement(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		r.packages = append(r.packages, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func option(line string) bool {
	name, _, _ := strings.Cut(strings.ReplaceAll(line, "=", " "), " ")
	for _, h := range harmless {
		if name == h {
			return true
		}
	}
	return false
}

func requirement(line string) (pkg, error) {
	if strings.HasPrefix(line, "-") {
		return pkg{}, fmt.Errorf("%q: only packages stand in a lock", line)
	}
	words, rest, _ := strings.Cut(line, "--hash")
	m := requirementForm().FindStringSubmatch(strings.TrimSpace(words))
	if m == nil {
		return pkg{}, fmt.Errorf("%q names no package with an exact version (name==1.2.3)", strings.TrimSpace(words))
	}
	p := pkg{name: pep.Normalize(m[1]), version: m[3], marker: strings.TrimSpace(m[4])}
	if rest != "" {
		for _, h := range strings.Fields(strings.ReplaceAll("--hash"+rest, "--hash", " ")) {
			d := digits(strings.TrimPrefix(h, "="))
			if d == "" {
				return p, fmt.Errorf("%s: %q is no sha256", p.name, h)
			}
			p.hashes = append(p.hashes, d)
		}
	}
	if len(p.hashes) == 0 {
		return p, fmt.Errorf("%s has no --hash=sha256:...; every package of a lock must have one", p.name)
	}
	return p, nil
}

func (r *requirements) choose(w wish) ([]pkg, error) {
	if len(w.extras) > 0 || len(w.groups) > 0 {
		return nil, fmt.Errorf("requirements have neither extras nor groups to choose from")
	}
	var out []pkg
	for _, p := range r.packages {
		ok, err := pep.Eval(p.marker, w.env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if ok {
			out = append(out, p)
		}
	}
	return once(out)
}
