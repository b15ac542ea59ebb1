package manifest

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is MAJ.MIN.PATCH.
type Version [3]int

// ParseVersion reads "1.2.3"; what is left out at the end is 0.
func ParseVersion(s string) (Version, error) {
	var v Version
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return v, fmt.Errorf("the version %q is not MAJ.MIN.PATCH", s)
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != p {
			return v, fmt.Errorf("the version %q is not MAJ.MIN.PATCH", s)
		}
		v[i] = int(n)
	}
	return v, nil
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// YAML writes VERSION.yaml.
func (v Version) YAML() []byte {
	return fmt.Appendf(nil, "MAJ: %d\nMIN: %d\nPATCH: %d\n", v[0], v[1], v[2])
}

// ReadVersion reads a VERSION.yaml that YAML, or the ecosystem's own compiler, wrote; that one writes {MAJ: 1, MIN: 2, PATCH: 3}.
func ReadVersion(b []byte) (Version, error) {
	var lines strings.Builder
	for line := range strings.Lines(strings.NewReplacer("{", "\n", ",", "\n", "}", "\n").Replace(string(b))) {
		lines.WriteString(strings.TrimSpace(line) + "\n")
	}
	keys := pairs(lines.String())
	var v Version
	for i, k := range []string{"MAJ", "MIN", "PATCH"} {
		s, ok := keys[k]
		if !ok && k == "PATCH" {
			continue
		}
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return v, fmt.Errorf("VERSION.yaml has no number for %s", k)
		}
		v[i] = int(n)
	}
	return v, nil
}

// pairs reads "key: value" lines, the form that our YAML has.
func pairs(s string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(strings.TrimPrefix(s, "\ufeff")) {
		k, v, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if ok && k == strings.TrimSpace(k) && !strings.HasPrefix(k, "#") {
			m[k] = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return m
}
