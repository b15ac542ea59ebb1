package python

import (
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/python/pep"
)

const poetryNew = `[[package]]
name = "A"
version = "1"
optional = false
python-versions = ">=3.7"
groups = ["main", "dev"]
files = [{file = "a-1.tar.gz", hash = "sha256:H3"}, {file = "a-1-py3-none-any.whl", hash = "sha256:H1"}]
[package.dependencies]
colorama = {version = "*", markers = "sys_platform == 'win32'"}
[[package]]
name = "colorama"
version = "1"
groups = ["main"]
markers = "sys_platform == 'win32'"
files = []
[[package]]
name = "opt"
version = "2"
optional = true
groups = ["main", "dev"]
files = [{file = "opt-2-py3-none-any.whl", hash = "sha256:H2"}]
[package.markers]
main = "extra == 'x'"
dev = "sys_platform == 'win32'"
[[package]]
name = "test"
version = "3"
groups = ["dev"]
files = [{file = "test-3-py3-none-any.whl", hash = "sha256:H3"}]
[[package]]
name = "repo"
version = "0"
groups = ["git"]
files = []
[package.source]
type = "git"
url = "https://h.example/repo.git"
[[package]]
name = "direct"
version = "1"
groups = ["direct"]
files = [{file = "direct-1-py3-none-any.whl", hash = "sha256:H1"}]
[package.source]
type = "url"
url = "https://h.example/direct-1-py3-none-any.whl"
[extras]
x = ["opt"]
[metadata]
lock-version = "2.1"
python-versions = "^3.9 || ^4"
content-hash = "00"
`

const poetryOld = `[[package]]
name = "a"
version = "1"
category = "main"
optional = false
python-versions = ">=3.7"
[package.dependencies]
b = {version = ">=1", extras = ["more"]}
colorama = {version = "*", markers = "sys_platform == 'win32'"}
[[package]]
name = "b"
version = "1.0"
[package.dependencies]
c = {version = "^1.2 || ^3", optional = true, markers = "extra == 'more'"}
d = {version = "*", optional = true}
a = "*"
[package.extras]
more = ["c (>=1)"]
most = ["d"]
[[package]]
name = "c"
version = "1.3"
[[package]]
name = "c"
version = "3.1"
[[package]]
name = "c"
version = "2"
[[package]]
name = "d"
version = "1"
[[package]]
name = "colorama"
version = "1"
[[package]]
name = "test"
version = "2"
[extras]
y = ["d"]
[metadata]
lock-version = "1.1"
python-versions = "^3.9"
content-hash = "00"
[metadata.files]
a = [{file = "a-1-py3-none-any.whl", hash = "sha256:H1"}]
b = [{file = "b-1.0-py3-none-any.whl", hash = "sha256:H2"}]
c = [{file = "c-3.1-py3-none-any.whl", hash = "sha256:H3"}]
d = [{file = "d-1-py3-none-any.whl", hash = "sha256:H1"}]
test = [{file = "test-2-py3-none-any.whl", hash = "sha256:H2"}]
`

const poetryProject = `[tool.poetry]
name = "me"
[tool.poetry.dependencies]
python = "^3.9"
a = "^1"
d = {version = "*", optional = true}
gone = {version = "1", python = "<3.9"}
[tool.poetry.extras]
y = ["d"]
[tool.poetry.group.dev.dependencies]
test = "~2"
`

func projectFrom(t *testing.T, text string) *project {
	t.Helper()
	doc, err := parseTOML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := readProject(doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoetryLock(t *testing.T) {
	p := projectFrom(t, poetryProject)
	const a, b, c, d, old = "registry:a-1-py3-none-any.whl:1", " registry:b-1.0-py3-none-any.whl:2", " registry:c-3.1-py3-none-any.whl:3", " registry:d-1-py3-none-any.whl:1", " registry:test-2-py3-none-any.whl:2"
	for _, x := range []struct {
		what, text, want string
		w                wish
	}{
		{"main", poetryNew, a, wish{}},
		{"an extra", poetryNew, a + " registry:opt-2-py3-none-any.whl:2", wish{extras: []string{"X"}}},
		{"a group, whose marker is another", poetryNew, a + " registry:test-3-py3-none-any.whl:3", wish{groups: []string{"dev"}}},
		{"a repository", poetryNew, "error: repo 0: it comes from a repository, and only wheels are installed", wish{groups: []string{"git"}}},
		{"an address", poetryNew, a + " http:direct-1-py3-none-any.whl:1", wish{groups: []string{"direct"}}},
		{"an unknown extra", poetryNew, `error: the lock has no extra "z"; it has x`, wish{extras: []string{"z"}}},
		{"an unknown group", poetryNew, `error: the lock has no group "z"; it has dev, direct, git`, wish{groups: []string{"z"}}},
		{"another Python", strings.Replace(poetryNew, "^3.9 || ^4", "^2.7 || >=3.12", 1), "error: it is for Python ^2.7 || >=3.12, and the interpreter is 3.11.7", wish{}},
		{"a newer form", strings.Replace(poetryNew, `"2.1"`, `"3.0"`, 1), `error: its form has version "3.0", and this cairn reads 1.0 to 2.1`, wish{}},
		{"no hash", strings.Replace(poetryNew, `hash = "sha256:H2"`, `hash = "md5:00"`, 1), "error: opt: opt-2-py3-none-any.whl has no sha256; every file of a lock must have one", wish{}},
		{"what the project leads to", poetryOld, a + b + c, wish{project: p}},
		{"with an extra and a group", poetryOld, a + b + c + d + old, wish{project: p, extras: []string{"y"}, groups: []string{"dev"}}},
		{"an old form alone", poetryOld, "error: this form of it does not say which packages belong to what: the project's pyproject.toml is needed too; name the folder of both in project", wish{}},
		{"files in the package", strings.Replace(strings.Replace(poetryOld, "1.1", "2.0", 1), "[[package]]\nname = \"d\"\nversion = \"1\"\n", "[[package]]\nname = \"d\"\nversion = \"1\"\nfiles = [{file = \"d-1-py2.py3-none-any.whl\", hash = \"sha256:H2\"}]\n", 1),
			a + b + c + " registry:d-1-py2.py3-none-any.whl:2", wish{project: p, extras: []string{"y"}}},
		{"a lost package", strings.Replace(poetryOld, `name = "b"`, `name = "bb"`, 1), "error: b >=1 is wanted, and no package of the lock is that", wish{project: p}},
	} {
		if got := chosen("poetry.lock", x.text, x.w); got != x.want {
			t.Errorf("%s:\n got  %s\n want %s", x.what, got, x.want)
		}
	}
}

// TestPoetryHash compares with what hashlib and json of Python give.
func TestPoetryHash(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\npython='^3.9'\na={version='^1', optional=false}\nb=[1, 2.0, true, \"é\\\"\\\\\\n\\u007f\\u0001😀\"]\n[tool.poetry.extras]\nx=['a']\n[tool.poetry.group.dev.dependencies]\nc='*'\n",
			"43e274f84517d460704a000f03368de90599a9ebb3a1875ac92f803171e1b705"},
		{"[project]\nname='x'\nrequires-python='>=3.9'\ndependencies=['a>=1']\n", "a517986e8bfcf678afd608e0277f10da4db38134f6db3a9f5bf3f15bdb0de0b0"},
		{"[project]\nrequires-python='>=3.9'\ndependencies=['a>=1']\n[dependency-groups]\ndev=['c']\n", "085ea069d874ddf9ac8a6d40b77245bb0907858339cc465358a8a22739f32b91"},
		{"[project]\nrequires-python='>=3.9'\ndependencies=['a>=1']\n[dependency-groups]\ndev=['c']\n", "a517986e8bfcf678afd608e0277f10da4db38134f6db3a9f5bf3f15bdb0de0b0"},
	} {
		doc, err := parseTOML([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := poetryHashes(doc); !slices.Contains(got, c.want) {
			t.Errorf("%s\n has %v, want %s", c.text, got, c.want)
		}
	}
}

func TestCaretSpec(t *testing.T) {
	for in, want := range map[string]string{"^1.2.3": "<2,>=1.2.3", "^0.2.3": "<0.3,>=0.2.3", "^0.0.3": "<0.0.4,>=0.0.3", "^0": "<1,>=0", "^0.0": "<0.1,>=0.0", "~1.2.3": "<1.3,>=1.2.3", "~1": "<2,>=1",
		"1.2.*": "==1.2.*", "*": "", "": "", "1.2": "==1.2", "=1.2": "==1.2", ">= 1, <2": "<2,>=1", ">=1 <2": "<2,>=1", "~=1.4": "~=1.4", "!=1.5,^1": "!=1.5,<2,>=1", "^1.0b2": "<2,>=1.0b2"} {
		if got, err := caretSpec(in); err != nil || got != want {
			t.Errorf("%q is %q %v, want %q", in, got, err, want)
		}
	}
	for _, bad := range []string{"^x", "^1 || ^2", ">=", "^"} {
		if got, err := caretSpec(bad); err == nil {
			t.Errorf("%q was taken as %q", bad, got)
		}
	}
}

func FuzzPoetryLock(f *testing.F) {
	f.Add(poetryNew, poetryProject)
	f.Add(poetryOld, poetryProject)
	f.Fuzz(func(t *testing.T, text, pyproject string) {
		doc, err := parseTOML([]byte(text))
		if err != nil {
			return
		}
		l, err := readPoetry(doc)
		if (l == nil) == (err == nil) {
			t.Fatal("neither a lock nor an error")
		}
		w := wish{env: pep.Env{Vars: vars}}
		if doc, perr := parseTOML([]byte(pyproject)); perr == nil && err == nil {
			if p, perr := readProject(doc); perr == nil {
				w.project = p
				_ = outdated(l, p, w)
			}
		}
		if err == nil {
			_, _ = l.choose(w) // must not panic; both answers are fine
		}
	})
}
