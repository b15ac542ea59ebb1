package python

import (
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/python/pep"
)

func TestRequirement(t *testing.T) {
	for in, want := range map[string]string{
		"A_b.C": "a-b-c", " a >= 1 , <2 ": "a<2,>=1", "a (>=1)": "a>=1", "a[Y,x] ~=1.0 ; python_version  < '3'": "a[x,y]~=1.0 ; python_version < '3'",
		"a @ https://h.example/a.whl ; os_name == 'x'": "a @ https://h.example/a.whl ; os_name == 'x'", "a==1.*": "a==1.*", "a;os_name=='x'": "a ; os_name=='x'",
	} {
		if n, err := parseNeed(in); err != nil || n.String() != want {
			t.Errorf("%q is %q %v, want %q", in, n, err, want)
		}
	}
	for _, bad := range []string{"", "-e .", "a b", "a=1", "a>=1 2 <", "./a.whl", "a\nb"} {
		if n, err := parseNeed(bad); err == nil {
			t.Errorf("%q was taken as %q", bad, n)
		}
	}
}

func TestProject(t *testing.T) {
	for _, c := range []struct {
		what, text, want string
		extras, groups   []string
	}{
		{"standard", "[project]\nname='Me'\ndependencies=['B>=1', 'a', 'a']\noptional-dependencies={x=['c', 'me[y]'], Y=['d']}", "a|b>=1|", nil, nil},
		{"an extra that names another", "[project]\nname='Me'\ndependencies=['B>=1']\noptional-dependencies={x=['c', 'me[y]'], Y=['d']}", "b>=1|c|d|", []string{"X"}, nil},
		{"groups that include", "[project]\nname='me'\n[dependency-groups]\ndev=['t', {include-group='Lint'}]\nlint=['l']\nempty=[]", "l|t|", nil, []string{"Dev", "empty"}},
		{"older groups of uv", "[project]\nname='me'\n[tool.uv]\ndev-dependencies=['t']", "t|", nil, []string{"dev"}},
		{"groups in a circle", "[project]\nname='me'\n[dependency-groups]\na=[{include-group='b'}]\nb=[{include-group='a'}]", `error: dependency-groups: dependency group "`, nil, nil},
		{"an unknown extra", "[project]\nname='me'", `error: the project has no extra "x"; it has none`, []string{"x"}, nil},
		{"an unknown group", "[project]\nname='me'", `error: the project has no group "x"; it has none`, nil, []string{"x"}},
		{"dynamic", "[project]\nname='me'\ndynamic=['dependencies']", "error: what it requires cannot be read: its dependencies are worked out when it is built (dynamic)", nil, nil},
		{"nothing", "[build-system]\nrequires=[]", "error: what it requires cannot be read: it has neither [project] nor [tool.poetry]", nil, nil},
		{"an address", "[project]\nname='me'\ndependencies=['a @ git+https://h.example/a']", "error: a is required from git+https://h.example/a, and only packages of an index are resolved: ", nil, nil},
		{"a source of uv's", "[project]\nname='me'\ndependencies=['a>=1']\n[tool.uv.sources]\nA={path='../a'}", "error: a is required from ../a, and only", nil, nil},
		{"a version that is none", "[project]\nname='me'\ndependencies=['a>=1,x']", `error: project.dependencies: "a>=1,x": "x" is no version specifier (>=1.2)`, nil, nil},
		{"poetry", poetryProject, "a<2,>=1|gone==1 ; python_version < \"3.9\"|", nil, nil},
		{"poetry's extra and group", poetryProject, "a<2,>=1|d|gone==1 ; python_version < \"3.9\"|test<3,>=2|", []string{"y"}, []string{"dev"}},
		{"poetry's folder", "[tool.poetry]\nname='me'\n[tool.poetry.dependencies]\na={path='../a'}", "error: a is required from ../a, and only", nil, nil},
		{"poetry's several", "[tool.poetry]\n[tool.poetry.dependencies]\na=[{version='1', platform='linux'}, {version='2', markers=\"os_name == 'nt'\", python='>=3.9.2', extras=['z']}]",
			"a==1 ; sys_platform == \"linux\"|a[z]==2 ; (os_name == 'nt') and python_full_version >= \"3.9.2\"|", nil, nil},
		{"poetry adds to the standard", "[project]\nname='me'\ndependencies=['a>=1','b']\n[tool.poetry.dependencies]\na={git='https://h.example/a.git'}", "error: a is required from https://h.example/a.git, and", nil, nil},
		{"poetry's dev-dependencies", "[tool.poetry]\n[tool.poetry.dev-dependencies]\nt='*'\n[tool.poetry.group.dev.dependencies]\nu='1'", "t|u==1|", nil, []string{"dev"}},
	} {
		ns, err := projectNeeds([]byte(c.text), c.extras, c.groups)
		got := strings.ReplaceAll(questionText(ns), "\n", "|")
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want && !(strings.HasPrefix(c.want, "error") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\n got  %s\n want %s", c.what, got, c.want)
		}
	}
}

func TestOutdated(t *testing.T) {
	uv := strings.Replace(uvDoc, "[package.optional-dependencies]\nx =", "[package.metadata]\nrequires-dist = [{name='a', extras=['more'], specifier='>=1,<2'}, {name='c', marker=\"extra == 'x'\"}]\n[package.metadata.requires-dev]\ndev=[{name='d', git='https://h.example/d.git'}]\n[package.optional-dependencies]\nx =", 1)
	const base = "[project]\nname='me'\noptional-dependencies={x=['c']}\ndependency-groups={}\n"
	const pylockDoc = "lock-version = '1.0'\n[[packages]]\nname='a'\nversion='1.5'\nwheels=[]\n"
	for _, c := range []struct{ what, name, lock, project, want string }{
		{"uv as it was", "uv.lock", uv, "[project]\nname='me'\ndependencies=['A[more] <2, >=1']\noptional-dependencies={x=['c']}\n[dependency-groups]\ndev=['d>=7']", ""},
		{"uv with more", "uv.lock", uv, "[project]\nname='me'\ndependencies=['A[more] <2, >=1', 'new>2']\noptional-dependencies={x=['c']}\n[dependency-groups]\ndev=['d']", "new>2 is required, and the lock does not have it; run `uv lock`"},
		{"uv with other versions", "uv.lock", uv, "[project]\nname='me'\ndependencies=['a>=1.1']\noptional-dependencies={x=['c']}\n[dependency-groups]\ndev=['d']", "a>=1.1 is required, and the lock was made for a<2,>=1; run"},
		{"uv with less", "uv.lock", uv, "[project]\nname='me'\ndependencies=['a>=1,<2']\n[dependency-groups]\ndev=['d']", "it was made for c, which is no longer required; run"},
		{"uv that does not say", "uv.lock", uvDoc, "[project]\nname='me'\ndependencies=['a>1']", "a>1 is required, and the lock has a 1; run"},
		{"what cannot be read", "uv.lock", uv, "[project]\nname='me'\ndynamic=['dependencies']", ""},
		{"pylock as it was", "pylock.toml", pylockDoc, base + "dependencies=['a>1', \"b; sys_platform=='win32'\"]", ""},
		{"pylock without", "pylock.toml", pylockDoc, base + "dependencies=['b']", "b is required, and the lock does not have it; run"},
		{"pylock with another", "pylock.toml", pylockDoc, base + "dependencies=['a<1']", "a<1 is required, and the lock has a 1.5; run"},
		{"pylock of cairn's", "pylock.toml", pylockDoc + "[tool.cairn]\nquestion='" + questionDigest([]byte("b\n"), nil) + "'", base + "dependencies=['b']", ""},
		{"requirements", "requirements.txt", "a==1 --hash=sha256:" + h1, base + "dependencies=['a','b']", "b is required, and the lock does not have it; run what made it"},
		{"poetry", "poetry.lock", poetryOld, poetryProject, "pyproject.toml was edited since (its content-hash is another); run `poetry lock`"},
		{"poetry with more", "poetry.lock", poetryOld, strings.Replace(poetryProject, `a = "^1"`, `a = "^2"`, 1), "a<3,>=2 is required, and the lock has a 1; run `poetry lock`"},
		{"poetry as it was", "poetry.lock", strings.Replace(poetryOld, `"00"`, `"`+poetryHashes(projectFrom(t, poetryProject).doc)[0]+`"`, 1), poetryProject, ""},
	} {
		l, err := readLock(c.name, []byte(strings.NewReplacer("H1", h1, "H2", h2, "H3", h3).Replace(c.lock)))
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		err = outdated(l, projectFrom(t, c.project), wish{env: pep.Env{Vars: vars}})
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), "the lock is outdated: "+c.want) {
			t.Errorf("%s:\n got  %v\n want %s", c.what, err, c.want)
		}
	}
}

func FuzzProject(f *testing.F) {
	f.Add(poetryProject)
	f.Add("[project]\nname='me'\ndependencies=['a>=1']\n[dependency-groups]\na=[{include-group='b'}]\nb=['c']")
	f.Fuzz(func(t *testing.T, text string) {
		ns, err := projectNeeds([]byte(text), nil, []string{"a"})
		if err != nil {
			return
		}
		again, err := readNeeds(questionText(ns), func(string, string) error { return nil })
		if err != nil || questionText(again) != questionText(ns) {
			t.Fatalf("%q is read as %q, %v", questionText(ns), questionText(again), err)
		}
	})
}

// projectNeeds gives what a pyproject.toml requires, with extras and groups.
func projectNeeds(pyproject []byte, extras, groups []string) ([]need, error) {
	doc, err := parseTOML(pyproject)
	if err != nil {
		return nil, err
	}
	p, err := readProject(doc)
	if err != nil {
		return nil, err
	}
	return p.wanted(extras, groups)
}
