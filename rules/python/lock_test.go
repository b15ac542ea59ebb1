package python

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/python/pep"
)

const (
	h1 = "1111111111111111111111111111111111111111111111111111111111111111"
	h2 = "2222222222222222222222222222222222222222222222222222222222222222"
	h3 = "3333333333333333333333333333333333333333333333333333333333333333"
)

var cp311 = pep.Interpreter{Name: "cpython", Major: 3, Minor: 11, ABI: "cp311", OS: "linux", Arch: "x86_64", Libc: "glibc", LibcVer: [2]int{2, 36}}

var vars = map[string]string{"python_version": "3.11", "python_full_version": "3.11.7", "os_name": "posix", "sys_platform": "linux",
	"platform_machine": "x86_64", "platform_system": "Linux", "platform_python_implementation": "CPython", "implementation_name": "cpython", "implementation_version": "3.11.7"}

// chosen gives the files that a lock comes to on a machine, or what is wrong.
func chosen(name, text string, w wish) string {
	text = strings.NewReplacer("H1", h1, "H2", h2, "H3", h3).Replace(text)
	w.env.Vars = vars
	l, err := readLock(name, []byte(text))
	if err != nil {
		return "error: " + err.Error()
	}
	ps, err := l.choose(w)
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, p := range ps {
		if len(p.hashes) > 0 {
			out = append(out, fmt.Sprintf("%s==%s(%d)", p.name, p.version, len(p.hashes)))
		}
	}
	if len(out) > 0 {
		return strings.Join(out, " ")
	}
	fs, err := pick(ps, cp311, false)
	if err != nil {
		return "error: " + err.Error()
	}
	for _, f := range fs {
		out = append(out, f.Fetcher+":"+f.Params["file"]+":"+f.SHA256[:1])
	}
	return strings.Join(out, " ")
}

func TestPylock(t *testing.T) {
	const head = "lock-version = '1.0'\n"
	const a = "[[packages]]\nname = 'A'\nversion = '1'\nwheels = [{name='a-1-py3-none-any.whl', hashes={sha256='H1'}}]\n"
	for _, c := range []struct {
		what, text, want string
		w                wish
	}{
		{"a wheel", head + a, "registry:a-1-py3-none-any.whl:1", wish{}},
		{"the name from the address", head + "[[packages]]\nname='a'\nversion='1+x'\nwheels=[{url='https://h.example/p/a-1%2Bx-py3-none-any.whl#frag', hashes={sha256='H1'}}]", "registry:a-1+x-py3-none-any.whl:1", wish{}},
		{"the best of several", head + "[[packages]]\nname='a'\nversion='1'\nwheels=[{name='a-1-py3-none-any.whl', hashes={sha256='H1'}}," +
			"{name='a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', hashes={sha256='H2'}},{name='a-1-2-cp311-cp311-manylinux_2_17_x86_64.whl', hashes={sha256='H3'}}]", "registry:a-1-2-cp311-cp311-manylinux_2_17_x86_64.whl:3", wish{}},
		{"a wheel at an address", head + "[[packages]]\nname='a'\nversion='1'\narchive={url='https://h.example/a-1-py3-none-any.whl', hashes={sha256='H1'}}", "http:a-1-py3-none-any.whl:1", wish{}},
		{"the project itself", head + a + "[[packages]]\nname='me'\ndirectory={path='.', editable=true}", "registry:a-1-py3-none-any.whl:1", wish{}},
		{"a marker that excludes", head + a + "[[packages]]\nname='b'\nversion='1'\nmarker=\"sys_platform == 'win32'\"\nwheels=[]", "registry:a-1-py3-none-any.whl:1", wish{}},
		{"an extra", head + "extras=['x']\n" + a + "[[packages]]\nname='b'\nversion='1'\nmarker=\"'x' in extras\"\nwheels=[{name='b-1-py3-none-any.whl', hashes={sha256='H2'}}]", "registry:a-1-py3-none-any.whl:1 registry:b-1-py3-none-any.whl:2", wish{extras: []string{"X"}}},
		{"default groups", head + "default-groups=['g']\n[[packages]]\nname='b'\nversion='1'\nmarker=\"'g' in dependency_groups\"\nwheels=[{name='b-1-py3-none-any.whl', hashes={sha256='H2'}}]", "registry:b-1-py3-none-any.whl:2", wish{}},
		{"an unknown extra", head + "extras=['x', 'y']\n" + a, `error: the lock has no extra "z"; it has x, y`, wish{extras: []string{"z"}}},
		{"a newer form", "lock-version = '2.0'\n" + a, "error: its form has version 2.0, and this cairn reads version 1", wish{}},
		{"no lock", a, "error: it has no lock-version, so it is no lock in the form of pylock.toml", wish{}},
		{"no TOML", "lock-version = ", "error: line 1, column 15: expected value, not end of input", wish{}},
		{"a file without a hash", head + "[[packages]]\nname='a'\nversion='1'\nwheels=[{name='a-1-py3-none-any.whl', hashes={sha512='00'}}]", "error: a: a-1-py3-none-any.whl has no sha256; every file of a lock must have one", wish{}},
		{"an sdist only", head + "[[packages]]\nname='a'\nversion='1'\nsdist={name='a-1.tar.gz', hashes={sha256='H1'}}",
			"error: a 1: there is its source only (an sdist), and only wheels are installed; allow_sdist = true has it built", wish{}},
		{"no wheel for this platform", head + "[[packages]]\nname='a'\nversion='1'\nwheels=[{name='a-1-cp311-cp311-win_amd64.whl', hashes={sha256='H1'}}]\n[[packages]]\nname='b'\nversion='2'\nvcs={type='git'}",
			"error: a 1: none of its 1 wheels is for cpython 3.11 (cp311) on linux x86_64 with glibc 2.36\nb 2: it comes from a repository, and only wheels are installed", wish{}},
		{"another package's wheel", head + "[[packages]]\nname='a'\nversion='1'\nwheels=[{name='b-1-py3-none-any.whl', hashes={sha256='H1'}}]", "error: a 1: the lock gives it b-1-py3-none-any.whl, which is another package's", wish{}},
		{"another version's wheel", head + "[[packages]]\nname='a'\nversion='1/../2'\nwheels=[{name='a-2-py3-none-any.whl', hashes={sha256='H1'}}]", "error: a 1/../2: the lock gives it a-2-py3-none-any.whl, which is another version's", wish{}},
		{"a version that is written differently", head + "[[packages]]\nname='a'\nversion='1.0.0-rc1'\nwheels=[{name='a-1.0rc1-py3-none-any.whl', hashes={sha256='H1'}}]", "registry:a-1.0rc1-py3-none-any.whl:1", wish{}},
		{"no version", head + "[[packages]]\nname='a'\ndirectory={path='x'}", "error: a: it comes from a folder, and only wheels are installed", wish{}},
		{"another Python", head + "requires-python='>=3.12'\n" + a, "error: it is for Python >=3.12, and the interpreter is 3.11.7", wish{}},
		{"another environment", head + "environments=[\"sys_platform == 'win32'\"]\n" + a, "error: it was made for other environments: sys_platform == 'win32'", wish{}},
		{"two of one name", head + a + a, "error: a is there as 1 and as 1, and the markers of both hold", wish{}},
		{"a bad marker", head + "[[packages]]\nname='a'\nmarker='x'", "error: a: marker \"x\": something is missing at its end", wish{}},
	} {
		if got := chosen("d/pylock.toml", c.text, c.w); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.what, got, c.want)
		}
	}
}

const uvDoc = `version = 1
revision = 3
requires-python = ">=3.10"
[[package]]
name = "me"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "a", extra = ["more"] }, { name = "win", marker = "sys_platform == 'win32'" }, { name = "two", version = "2", source = { registry = "https://r.example" } }]
[package.optional-dependencies]
x = [{ name = "c" }]
[package.dev-dependencies]
dev = [{ name = "d" }]
[[package]]
name = "a"
version = "1"
source = { registry = "https://r.example/simple" }
dependencies = [{ name = "a" }]
wheels = [{ url = "https://r.example/a-1-py3-none-any.whl", hash = "sha256:H1", size = 3 }]
[package.optional-dependencies]
more = [{ name = "b", marker = "python_full_version >= '3.11'" }]
[[package]]
name = "b"
version = "1"
source = { registry = "https://r.example/simple" }
resolution-markers = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
wheels = [{ url = "https://r.example/b-1-py3-none-any.whl", hash = "sha256:H2" }]
[[package]]
name = "b"
version = "0"
source = { registry = "https://r.example/simple" }
resolution-markers = ["sys_platform == 'win32'"]
[[package]]
name = "c"
version = "1"
source = { url = "https://h.example/c-1-py3-none-any.whl" }
wheels = [{ url = "https://h.example/c-1-py3-none-any.whl", hash = "sha256:H3" }]
[[package]]
name = "d"
version = "1"
source = { git = "https://h.example/d.git?rev=1#1" }
[[package]]
name = "two"
version = "1"
source = { registry = "https://r.example" }
[[package]]
name = "two"
version = "2"
source = { registry = "https://r.example" }
wheels = [{ url = "https://r.example/two-2-py3-none-any.whl", hash = "sha256:H1" }]
[[package]]
name = "unused"
version = "1"
source = { registry = "https://r.example" }
`

func TestUVLock(t *testing.T) {
	base := "registry:a-1-py3-none-any.whl:1 registry:b-1-py3-none-any.whl:2 "
	for _, c := range []struct {
		what, text, want string
		w                wish
	}{
		{"what the project leads to", uvDoc, base + "registry:two-2-py3-none-any.whl:1", wish{}},
		{"an extra", uvDoc, base + "http:c-1-py3-none-any.whl:3 registry:two-2-py3-none-any.whl:1", wish{extras: []string{"x"}}},
		{"a group from a repository", uvDoc, "error: d 1: it comes from a repository, and only wheels are installed", wish{groups: []string{"dev"}}},
		{"an unknown group", uvDoc, `error: the lock has no group "y"; it has dev`, wish{groups: []string{"y"}}},
		{"a newer form", strings.Replace(uvDoc, "version = 1", "version = 2", 1), "error: its form has version 2, and this cairn reads version 1", wish{}},
		{"no project", strings.Replace(uvDoc, `virtual = "."`, `registry = "x"`, 1), `error: no package of it is the project itself (source ".")`, wish{}},
		{"no hash", strings.Replace(uvDoc, `, hash = "sha256:H2"`, "", 1), "error: b: b-1-py3-none-any.whl has no sha256; every file of a lock must have one", wish{}},
		{"a lost package", strings.Replace(uvDoc, `name = "b"`+"\nversion = \"1\"", `name = "bb"`+"\nversion = \"1\"", 1), "error: b  is wanted, and 0 packages of the lock are that", wish{}},
		{"an old Python", strings.Replace(uvDoc, ">=3.10", ">=3.12", 1), "error: it is for Python >=3.12, and the interpreter is 3.11.7", wish{}},
	} {
		if got := chosen("uv.lock", c.text, c.w); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.what, got, c.want)
		}
	}
}

func TestRequirements(t *testing.T) {
	for _, c := range []struct{ what, text, want string }{
		{"as pip-compile writes it", "# made by x\n--index-url https://r.example/simple\na[x,y]==1.0 ; python_version >= '3.9' \\\n    --hash=sha256:H1 \\\n    --hash=sha256:H2\n    # via b\nB_b==2 --hash=sha256:H3  # c\r\n", "a==1.0(2) b-b==2(1)"},
		{"a marker that excludes", "a==1; sys_platform=='win32' --hash=sha256:H1\nb==2 --hash=sha256:H2", "b==2(1)"},
		{"a missing hash", "a==1 --hash=sha256:H1\n\nb==2\n", "error: line 3: b has no --hash=sha256:...; every package of a lock must have one"},
		{"another hash", "a==1 --hash=md5:00", `error: line 1: a: "=md5:00" is no sha256`},
		{"no exact version", "a>=1 --hash=sha256:H1", `error: line 1: "a>=1" names no package with an exact version (name==1.2.3)`},
		{"a folder", "-e . --hash=sha256:H1", `error: line 1: "-e . --hash=sha256:` + h1 + `": only packages stand in a lock`},
		{"an address", "a @ https://h.example/a.whl --hash=sha256:H1", `error: line 1: "a @ https://h.example/a.whl" names no package with an exact version (name==1.2.3)`},
	} {
		if got := chosen("requirements.txt", c.text, wish{}); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.what, got, c.want)
		}
	}
	if got := chosen("lock.json", "", wish{}); !strings.HasPrefix(got, "error: a lock is pylock.toml") {
		t.Error(got)
	}
}

func FuzzLock(f *testing.F) {
	f.Add("pylock.toml", "lock-version='1.0'\n[[packages]]\nname='a'\nwheels=[{name='a-1-py3-none-any.whl', hashes={sha256='"+h1+"'}}]")
	f.Add("uv.lock", uvDoc)
	f.Add("requirements.txt", "a==1 \\\n --hash=sha256:"+h1)
	f.Fuzz(func(t *testing.T, name, text string) {
		l, err := readLock(name, []byte(text))
		if (l == nil) == (err == nil) {
			t.Fatal("neither a lock nor an error")
		}
		if err == nil {
			if ps, err := l.choose(wish{env: pep.Env{Vars: vars}}); err == nil {
				_, _ = pick(ps, cp311, false) // must not panic; both answers are fine
			}
		}
	})
}
