package archive

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxPath  = 1024 // bytes; macOS takes no more
	maxPart  = 255
	maxDepth = 128
)

// place gives the path below dst that an entry's name means, false where Strip drops it, and refuses names that mean
// anything but a path below.
func (u *unpacker) place(name string) (string, bool, error) {
	if len(name) > 4*maxPath {
		return "", false, refuse(name, "has a name of %d bytes", len(name))
	}
	if why := badText(name); why != "" {
		return "", false, refuse(name, "%s", why)
	}
	if strings.HasPrefix(name, "/") {
		return "", false, refuse(name, "has an absolute path")
	}
	var parts []string
	for _, part := range strings.Split(name, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			return "", false, refuse(name, "climbs with \"..\"")
		case len(part) > maxPart:
			return "", false, refuse(name, "has a part of %d bytes in its path", len(part))
		case lookAlike(part):
			return "", false, refuse(name, "imitates \"..\" or a slash with other characters")
		}
		parts = append(parts, part)
	}
	if len(parts) <= u.o.Strip {
		return "", false, nil
	}
	parts = parts[u.o.Strip:]
	p := strings.Join(parts, "/")
	if len(parts) > maxDepth || len(p) > maxPath {
		return "", false, refuse(name, "lies too deep: %d folders, %d bytes", len(parts)-1, len(p))
	}
	return p, true, nil
}

// badText says what no name may hold; "" where nothing is wrong.
func badText(s string) string {
	if s == "" {
		return "is empty"
	}
	if !utf8.ValidString(s) {
		return "is not UTF-8"
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == 0x7f {
			return "holds a control character"
		} else if c == '\\' {
			return "holds a backslash"
		}
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lookAlike says whether compatibility forms turn part into something that moves: full-width dots and slashes, say.
func lookAlike(part string) bool {
	if isASCII(part) {
		return false
	}
	k := norm.NFKC.String(part)
	return k == "." || k == ".." || strings.ContainsAny(k, "/\\") || strings.ContainsAny(part, "\u2044\u2215\u29f8\ufe68")
}

// fold gives a path as a file system sees it that folds case and Unicode's forms.
func fold(p string) string {
	if isASCII(p) {
		return strings.ToLower(p)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(p)))
}
