package python

import (
	"io/fs"
	"testing"
)

func TestVersionFromGit(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  bool
	}{
		{"nothing", nil, false},
		{"a written version", map[string]string{"pyproject.toml": "[project]\nversion = \"1\"\n[build-system]\nrequires = [\"setuptools_scm\"]\n[tool.setuptools_scm]\n"}, false},
		{"setuptools_scm", map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"setuptools>=64\", \"setuptools_scm[toml]>=8\"]\n"}, true},
		{"setuptools-scm by its table", map[string]string{"pyproject.toml": "[tool.setuptools_scm]\n"}, true},
		{"hatch-vcs", map[string]string{"pyproject.toml": "[project]\ndynamic = [\"version\"]\n[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\n"}, true},
		{"hatch with a source", map[string]string{"pyproject.toml": "[tool.hatch.version]\nsource = \"vcs\"\n"}, true},
		{"hatch with a file", map[string]string{"pyproject.toml": "[tool.hatch.version]\npath = \"x.py\"\n[build-system]\nrequires = [\"hatchling\"]\n"}, false},
		{"pdm", map[string]string{"pyproject.toml": "[tool.pdm.version]\nsource = \"scm\"\n"}, true},
		{"pdm with a file", map[string]string{"pyproject.toml": "[tool.pdm.version]\nsource = \"file\"\n"}, false},
		{"poetry", map[string]string{"pyproject.toml": "[tool.poetry]\nversion = \"1\"\n[build-system]\nrequires = [\"poetry-core\"]\n"}, false},
		{"poetry-dynamic-versioning", map[string]string{"pyproject.toml": "[tool.poetry]\nversion = \"0\"\n[tool.poetry-dynamic-versioning]\nenable = true\n"}, true},
		{"poetry-dynamic-versioning off", map[string]string{"pyproject.toml": "[tool.poetry-dynamic-versioning]\nenable = false\n"}, false},
		{"flit_scm", map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"flit_scm\"]\nbuild-backend = \"flit_scm:buildapi\"\n"}, true},
		{"setup.py", map[string]string{"setup.py": "setup(use_scm_version=True)"}, true},
		{"versioneer", map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"setuptools\"]\n", "setup.cfg": "[versioneer]\nVCS = git\n"}, true},
		{"pbr", map[string]string{"setup.py": "setup(setup_requires=['pbr'], pbr=True)"}, true},
		{"a word that only starts so", map[string]string{"setup.py": "setup(author='pbrown')"}, false},
		{"no TOML", map[string]string{"pyproject.toml": "[build-system\nrequires = [\"hatch-vcs\"]"}, true},
		{"odd types", map[string]string{"pyproject.toml": "build-system = 1\ntool = []\nproject = \"x\"\n"}, false},
	} {
		got := VersionFromGit(func(p string) ([]byte, error) {
			if text, ok := c.files[p]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
