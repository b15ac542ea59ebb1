package python

import (
	"slices"
	"strings"
)

// gitVersioners are the packages, by normal name, that a project builds with whose version comes from git.
var gitVersioners = []string{"setuptools-scm", "hatch-vcs", "versioneer", "versioneer-518", "versioningit", "poetry-dynamic-versioning", "flit-scm",
	"setuptools-git-versioning", "vcversioner", "pbr", "dunamai", "uv-dynamic-versioning"}

// VersionFromGit says whether the version of a Python project hangs on its place in git's history: tags, their distance and the
// commit. read gives a file at the project's root. A version that is written down is none, whatever the project builds with.
func VersionFromGit(read func(path string) ([]byte, error)) bool {
	if b, err := read("pyproject.toml"); err == nil {
		doc, err := parseTOML(b)
		if err != nil {
			return namesVersioner(string(b)) // the build will say what is wrong with it
		}
		if _, written := table(doc, "project")["version"].(string); written {
			return false
		}
		if settingsFromGit(doc) {
			return true
		}
	}
	for _, name := range []string{"setup.cfg", "setup.py"} {
		if b, err := read(name); err == nil && namesVersioner(string(b)) {
			return true
		}
	}
	return false
}

// table gives a table of a TOML document by its path, nil where there is none.
func table(doc map[string]any, path ...string) map[string]any {
	for _, name := range path {
		doc, _ = doc[name].(map[string]any)
	}
	return doc
}

// settingsFromGit reads what a pyproject.toml builds with, and the tables of those that need no word there.
func settingsFromGit(doc map[string]any) bool {
	requires, _ := table(doc, "build-system")["requires"].([]any)
	for _, r := range requires {
		text, _ := r.(string)
		if i := strings.IndexFunc(text, func(c rune) bool { return strings.ContainsRune(" [<>=!~;@(", c) }); i >= 0 {
			text = text[:i]
		}
		if slices.Contains(gitVersioners, strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(strings.TrimSpace(text)))) {
			return true
		}
	}
	for _, name := range []string{"setuptools_scm", "setuptools-git-versioning", "versioneer", "versioningit", "uv-dynamic-versioning"} {
		if table(doc, "tool", name) != nil {
			return true
		}
	}
	if on, _ := table(doc, "tool", "poetry-dynamic-versioning")["enable"].(bool); on {
		return true
	}
	switch source, _ := table(doc, "tool", "hatch", "version")["source"].(string); source {
	case "vcs", "versioningit", "uv-dynamic-versioning":
		return true
	}
	source, _ := table(doc, "tool", "pdm", "version")["source"].(string)
	return source == "scm"
}

// namesVersioner says whether a text that is no TOML names one of them, or the word that setup() turns one on with.
func namesVersioner(text string) bool {
	text = strings.ToLower(strings.ReplaceAll(text, "_", "-"))
	return strings.Contains(text, "use-scm-version") || slices.ContainsFunc(gitVersioners, func(n string) bool { return holdsWord(text, n) })
}

// holdsWord says whether a text holds a word that no letter or digit stands next to: "pbr" is not in "pbrown".
func holdsWord(text, word string) bool {
	part := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		i += at
		at = i + len(word)
		if (i == 0 || !part(text[i-1])) && (at == len(text) || !part(text[at])) {
			return true
		}
	}
}
