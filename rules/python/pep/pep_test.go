package pep

import (
	"slices"
	"strings"
	"testing"
)

func TestVersionOrder(t *testing.T) {
	// PEP 440's own order, and the spellings that mean the same.
	order := []string{"0.9", "1.0.dev1", "1.0a1.dev1", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0", "1.0+abc", "1.0+abc.5", "1.0+abc.10", "1.0+5", "1.0.post1.dev2", "1.0.post1", "1.0.1", "1.1", "1.10", "1!0.1"}
	for i := range order {
		for k := range order {
			a, err1 := ParseVersion(order[i])
			b, err2 := ParseVersion(order[k])
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			want := 0
			if i < k {
				want = -1
			} else if i > k {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%s against %s: %d, want %d", order[i], order[k], got, want)
			}
		}
	}
	for _, pair := range [][2]string{{"1.0", "v1"}, {"1.0alpha1", "1.0a1"}, {"1.0-1", "1.0.post1"}, {"1.0.0", "1"}, {"1.0c1", "1.0rc1"}, {"1.0.DEV", "1.0.dev0"}, {"1.0-r4", "1.0.post4"}} {
		a, _ := ParseVersion(pair[0])
		b, _ := ParseVersion(pair[1])
		if a.Compare(b) != 0 {
			t.Errorf("%s is not %s", pair[0], pair[1])
		}
	}
	for _, bad := range []string{"", "x", "1..0", "1.0+", "1.0-", "1.0a1a2"} {
		if _, err := ParseVersion(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		set, version string
		want         bool
	}{
		{">=3.9", "3.11.7", true}, {">=3.9,<3.11", "3.11.7", false}, {"==3.11.*", "3.11.7", true}, {"!=3.11.*", "3.11.7", false},
		{"~=3.9", "3.11", true}, {"~=3.9.1", "3.11", false}, {"<4", "4.0rc1", false}, {"<4.0rc2", "4.0rc1", true}, {">1.0", "1.0.post1", false},
		{">1.0.post1", "1.0.post2", true}, {"==1.0", "1.0+local", true}, {"==1.0+a", "1.0+b", false}, {"===1.0", "1.0", true}, {"", "1", true}, {" >=1 , ", "1", true},
	} {
		got, err := Allows(c.set, c.version)
		if err != nil || got != c.want {
			t.Errorf("%s allows %s: %v %v, want %v", c.set, c.version, got, err, c.want)
		}
	}
	for _, bad := range []string{"3.9", ">=x", ">=3.*", "~=3", "=>3"} {
		if _, err := Allows(bad, "3.9"); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

var linux = Env{Vars: map[string]string{"python_version": "3.11", "python_full_version": "3.11.7", "os_name": "posix", "sys_platform": "linux",
	"platform_machine": "x86_64", "platform_system": "Linux", "platform_python_implementation": "CPython", "implementation_name": "cpython"},
	Extras: []string{"socks"}, Groups: []string{"dev"}}

func TestMarkers(t *testing.T) {
	for _, c := range []struct {
		marker string
		want   bool
	}{
		{"", true},
		{"python_version < '3.9'", false},
		{"python_version >= '3.9'", true},
		{"python_full_version >= '3.11.5' and python_full_version < \"3.12\"", true},
		{"'3.9' <= python_version", true},
		{"sys_platform == 'win32' or (os_name == 'posix' and platform_machine != 'arm64')", true},
		{"sys_platform == 'win32' and os_name == 'posix' or platform_system == 'Linux'", true},
		{"platform_machine in 'x86_64 amd64'", true},
		{"platform_machine not in 'x86_64 amd64'", false},
		{"'linux' in sys_platform", true},
		{"extra == 'SOCKS'", true}, {"extra == 'other'", false}, {"'socks' in extras", true}, {"'x' not in extras", true}, {"'dev' in dependency_groups", true},
		{"implementation_name == 'cpython'", true},
	} {
		got, err := Eval(c.marker, linux)
		if err != nil || got != c.want {
			t.Errorf("%s: %v %v, want %v", c.marker, got, err, c.want)
		}
	}
	for _, c := range []struct{ marker, text string }{
		{"python_version", "missing at its end"}, {"python_version => '3'", "no comparison"}, {"x == 'y'", "no variable x"},
		{"platform_release == '6'", "which kernel runs"}, {"'a' == 'b'", "two texts"}, {"(os_name == 'posix'", "not closed"}, {"os_name == 'posix", "not closed"},
		{"os_name == 'posix' os_name", "not expected"}, {"extra < 'x'", "cannot be compared"}, {"os_name not 'x'", "followed by in"}, {"os_name & 'x'", "no meaning"},
		{"python_version >= '3.*'", ".* goes with"},
	} {
		if _, err := Eval(c.marker, linux); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %s", c.marker, err, c.text)
		}
	}
}

func TestParseWheel(t *testing.T) {
	w, err := ParseWheel("Py_Yaml.x-1.0_1-2abc-py2.py3-none-any.whl")
	if err != nil || w.Name != "py-yaml-x" || w.Version != "1.0-1" || w.Build != 2 || !slices.Equal(w.Tags, []string{"py2-none-any", "py3-none-any"}) {
		t.Errorf("%+v %v", w, err)
	}
	for _, bad := range []string{"a.whl", "a-1-py3-none.whl", "a-1-py3-none-any.zip", "a-1-x2-py3-none-any.whl", "../a-1-py3-none-any.whl", "a-1--none-any.whl"} {
		if _, err := ParseWheel(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestTags compares with what packaging.tags.sys_tags gives on such machines: number of tags, and the place of some.
func TestTags(t *testing.T) {
	glibc := Interpreter{Name: "cpython", Major: 3, Minor: 11, ABI: "cp311", OS: "linux", Arch: "x86_64", Libc: "glibc", LibcVer: [2]int{2, 36}}
	tags := glibc.Tags()
	for i, want := range map[int]string{0: "cp311-cp311-manylinux_2_36_x86_64", 20: "cp311-cp311-manylinux2014_x86_64", 35: "cp311-cp311-linux_x86_64",
		36: "cp311-abi3-manylinux_2_36_x86_64", 72: "cp311-none-manylinux_2_36_x86_64", 108: "cp310-abi3-manylinux_2_36_x86_64"} {
		if tags[i] != want {
			t.Errorf("tag %d is %s, want %s", i, tags[i], want)
		}
	}
	if last := tags[len(tags)-1]; last != "py30-none-any" || slices.Index(tags, "py3-none-any") < slices.Index(tags, "py311-none-any") {
		t.Errorf("the end is %v", tags[len(tags)-14:])
	}
	free := glibc
	free.Minor, free.ABI = 13, "cp313t"
	if slices.ContainsFunc(free.Tags(), func(s string) bool { return strings.Contains(s, "abi3") }) {
		t.Error("a free-threaded interpreter takes abi3")
	}
	musl := glibc
	musl.Libc, musl.LibcVer = "musl", [2]int{1, 2}
	if got := musl.platforms(); !slices.Equal(got, []string{"musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "musllinux_1_0_x86_64", "linux_x86_64"}) {
		t.Error(got)
	}
	mac := Interpreter{Name: "cpython", Major: 3, Minor: 12, ABI: "cp312", OS: "darwin", Arch: "arm64", MacOS: [2]int{14, 0}}
	plats := mac.platforms()
	if plats[0] != "macosx_14_0_arm64" || !slices.Contains(plats, "macosx_11_0_arm64") || !slices.Contains(plats, "macosx_10_9_universal2") || slices.Contains(plats, "macosx_10_9_arm64") {
		t.Error(plats)
	}
}

func FuzzEval(f *testing.F) {
	for _, s := range []string{"python_version >= '3.9'", "(extra == 'a') or 'b' in extras", "os_name not in 'x'", "python_version == '3.*'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := Eval(s, linux); err != nil && strings.Contains(err.Error(), "panic") {
			t.Fatal(err)
		}
	})
}

func FuzzVersion(f *testing.F) {
	for _, s := range []string{"1.0", "1!2.0a1.post3.dev4+x.5", "v1", "1.0-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseVersion(s)
		if err == nil && v.Compare(v) != 0 {
			t.Fatal("a version is not itself")
		}
	})
}

func FuzzWheel(f *testing.F) {
	for _, s := range []string{"a-1-py3-none-any.whl", "a-1-2-py2.py3-none-any.whl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWheel(s)
		if err == nil && (w.Name == "" && strings.Trim(s[:1], "-_.") != "" || len(w.Tags) == 0) {
			t.Fatalf("%+v", w)
		}
	})
}
