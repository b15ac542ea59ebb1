package python

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
)

func TestPlan(t *testing.T) {
	const setuptools = "[build-system]\nrequires=['setuptools','setuptools-scm>=8']\nbuild-backend='setuptools.build_meta'\n"
	for _, c := range []struct {
		what, pyproject, setup string
		want                   string // backend, requirements, what makes the version; or why not
	}{
		{"nothing", "", "", "not: it has neither a [build-system] in pyproject.toml nor a setup.py"},
		{"a project without a backend", "[project]\nname='a'\n", "", "not: it has neither a [build-system] in pyproject.toml nor a setup.py"},
		{"setup.py alone", "", "setup()", "setuptools.build_meta:__legacy__ [setuptools>=40.8.0] "},
		{"a table without a word", "[build-system]\n", "", "setuptools.build_meta:__legacy__ [setuptools>=40.8.0] "},
		{"requirements without a backend", "[build-system]\nrequires=['x']\n", "", "setuptools.build_meta:__legacy__ [x] "},
		{"poetry", "[build-system]\nrequires=['poetry-core']\nbuild-backend='poetry.core.masonry.api'\n[tool.poetry]\nname='A_b'\n", "", "poetry.core.masonry.api [poetry-core]  a-b"},
		{"uv's own word", "[build-system]\nrequires=['x']\n[tool.uv]\npackage=false\n", "", "not: pyproject.toml says tool.uv.package = false"},
		{"poetry's own word", "[build-system]\nrequires=['x']\n[tool.poetry]\npackage-mode=false\n", "", "not: pyproject.toml says tool.poetry.package-mode = false"},
		{"a version of git", setuptools + "[project]\nname='a'\ndynamic=['version']\n[tool.setuptools_scm]\n", "", "setuptools.build_meta [setuptools setuptools-scm>=8] setuptools_scm a"},
		{"the simplest form of it", setuptools + "[project]\nname='a'\ndynamic=['version']\n", "", "setuptools.build_meta [setuptools setuptools-scm>=8] setuptools_scm a"},
		{"a version that is written down", setuptools + "[project]\nname='a'\nversion='1'\n[tool.setuptools_scm]\n", "", "setuptools.build_meta [setuptools setuptools-scm>=8]  a"},
		{"a version out of the code", setuptools + "[project]\nname='a'\ndynamic=['version']\n[tool.setuptools.dynamic]\nversion={attr='a.v'}\n", "", "setuptools.build_meta [setuptools setuptools-scm>=8]  a"},
		{"hatch-vcs", "[build-system]\nrequires=['hatchling','hatch-vcs']\nbuild-backend='hatchling.build'\n[tool.hatch.version]\nsource='vcs'\n", "", "hatchling.build [hatchling hatch-vcs] hatch-vcs"},
		{"hatch-vcs that is not asked", "[build-system]\nrequires=['hatchling','hatch-vcs']\nbuild-backend='hatchling.build'\n[tool.hatch.version]\npath='a.py'\n", "", "hatchling.build [hatchling hatch-vcs] "},
		{"pdm", "[build-system]\nrequires=['pdm-backend']\nbuild-backend='pdm.backend'\n[tool.pdm.version]\nsource='scm'\n", "", "pdm.backend [pdm-backend] pdm-backend"},
		{"poetry-dynamic-versioning", "[build-system]\nrequires=['poetry-dynamic-versioning']\nbuild-backend='p'\n[tool.poetry-dynamic-versioning]\nenable=true\n", "", "p [poetry-dynamic-versioning] poetry-dynamic-versioning"},
		{"versioneer", "[build-system]\nrequires=['setuptools','versioneer==0.29']\nbuild-backend='setuptools.build_meta'\n", "import versioneer", "setuptools.build_meta [setuptools versioneer==0.29] versioneer"},
		{"one in setup.py", "", "setup(use_scm_version=True)", "setuptools.build_meta:__legacy__ [setuptools>=40.8.0] setuptools_scm"},
		{"another one", "[build-system]\nrequires=['versioningit']\nbuild-backend='v'\n[tool.versioningit]\n", "", "v [versioningit] git"},
		{"an option", "[build-system]\nrequires=['--index-url=x']\n", "", `error: build-system.requires: "--index-url=x" is no requirement`},
	} {
		have := map[string][]byte{}
		if c.pyproject != "" {
			have["pyproject.toml"] = []byte(c.pyproject)
		}
		if c.setup != "" {
			have["setup.py"] = []byte(c.setup)
		}
		p, err := planOf(have)
		got := ""
		switch {
		case err != nil:
			got = "error: " + err.Error()
		case !p.Package:
			got = "not: " + p.Why
		default:
			got = p.Backend + " [" + strings.Join(p.Requires, " ") + "] " + p.SCM + " " + p.Name
		}
		if strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n got  %s\n want %s", c.what, got, c.want)
		}
	}
}

// archive is a rule.CallContext with one file.
type archive struct {
	rule.CallContext
	bytes []byte
}

func (a archive) Open(string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(a.bytes)), nil
}

func sdist(files ...string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, f := range files {
		name, text, _ := strings.Cut(f, "=")
		_ = t.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644, Typeflag: tar.TypeReg})
		_, _ = t.Write([]byte(text))
	}
	t.Close()
	z.Close()
	return b.Bytes()
}

func TestSdistFiles(t *testing.T) {
	have, err := sdistFiles(archive{bytes: sdist("a-1/pyproject.toml=p", "a-1/deep/setup.py=no", "setup.cfg=no", "./a-1/setup.py=s")}, "a-1.tar.gz")
	if err != nil || len(have) != 2 || string(have["pyproject.toml"]) != "p" || string(have["setup.py"]) != "s" {
		t.Errorf("%q, %v", have, err)
	}
	for name, b := range map[string][]byte{"a-1.zip": nil, "a-1.tar.gz": []byte("no"), "b-1.tar.gz": sdist("b-1/setup.py=s")[:40],
		"c-1.tar.gz": sdist("c-1/setup.py=" + strings.Repeat("x", maxPlanFile+1))} {
		if have, err := sdistFiles(archive{bytes: b}, name); err == nil {
			t.Errorf("%s: %d files and no error", name, len(have))
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("[build-system]\nrequires=['a']\n", "use_scm_version", sdist("a-1/setup.py=x"))
	f.Fuzz(func(t *testing.T, pyproject, setup string, b []byte) {
		p, err := planOf(map[string][]byte{"pyproject.toml": []byte(pyproject), "setup.py": []byte(setup)})
		if err == nil && p.Package && p.Backend == "" {
			t.Error("a package without a backend")
		}
		_, _ = sdistFiles(archive{bytes: b}, "a-1.tar.gz") // must not panic
	})
}
