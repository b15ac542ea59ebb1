package python

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// readProbe reads what probe.py tells of an interpreter.
func readProbe(b []byte) (probed, error) {
	var p probed
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("what the interpreter says of itself cannot be read: %w", err)
	}
	return p, nil
}

// answers says what is wrong with a lock of cairn's own as the answer to requirements with constraints: nil where it is.
func answers(file string, lock, requirements, constraints []byte, vars map[string]string) error {
	doc, err := parseTOML(lock)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	l, err := readPylock(doc)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if l.(*pylock).question == questionDigest(requirements, constraints) {
		return nil
	}
	for i, asked := range [][]byte{requirements, constraints} {
		ns, err := readNeeds(string(asked), func(string, string) error { return nil })
		if err != nil {
			return err
		}
		if why := unmet(ns, l.(*pylock).packages, pep.Env{Vars: vars}, i == 1); why != "" {
			return fmt.Errorf("%s is outdated: %s", file, why)
		}
	}
	return fmt.Errorf("%s is outdated: it was made for other requirements", file)
}

// unmet names the first requirement that the packages of a lock do not meet; "" for none. A package that is not there counts unless
// it is only bounded.
func unmet(ns []need, packages []pkg, env pep.Env, bounds bool) string {
	for _, n := range ns {
		if ok, err := pep.Eval(n.marker, env); err != nil || !ok {
			continue // an extra's, or of another platform
		}
		var had []string
		met := false
		for _, p := range packages {
			if p.name != n.name {
				continue
			}
			if ok, err := pep.Eval(p.marker, env); err != nil || !ok {
				continue
			}
			had = append(had, p.version)
			ok, err := allows(n.spec, p.version)
			met = met || err == nil && ok
		}
		slices.Sort(had)
		switch {
		case met || len(had) == 0 && bounds:
		case len(had) == 0:
			return fmt.Sprintf("%s is required, and the lock does not have it", n)
		default:
			return fmt.Sprintf("%s is required, and the lock has %s %s", n, n.name, strings.Join(had, " and "))
		}
	}
	return ""
}

// allows is pep.Allows for versions that a lock may leave out: those of packages that come from a folder.
func allows(spec, version string) (bool, error) {
	if spec == "" || version == "" {
		return true, nil
	}
	return pep.Allows(spec, version)
}
