package manifest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

var update = flag.Bool("update", false, "write what the manifests are into the cases")

// input makes an Input of a spec's text, whose workflow has one task.
func input(t *testing.T, text string) Input {
	t.Helper()
	s, problems := spec.Parse("spec.yaml", []byte(text))
	if s == nil || problems.HasErrors() {
		t.Fatal(problems)
	}
	dir, module := Names("wt-", s.ID)
	return Input{Workflow: &link.Workflow{Spec: s, Env: []string{"TOKEN"}}, Dir: dir, Module: module, Version: "1.2.3"}
}

// TestCases: each case has a spec, perhaps env_overrides and a variant, and the files that these become.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ar := txtar.Parse(b)
			given := map[string]string{}
			for _, f := range ar.Files {
				given[f.Name] = string(f.Data)
			}
			in := input(t, given["spec.yaml"])
			in.Overrides = []byte(given["overrides.toml"])
			in.Variant = strings.TrimSpace(given["variant"])
			pixi, err := Pixi(in)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]byte{"pixi.toml": pixi, "pyproject.toml": Pyproject(in), "Dockerfile": Dockerfile(in)}
			for i, f := range ar.Files {
				have, ok := got[f.Name]
				if !ok {
					continue
				}
				if strings.HasSuffix(f.Name, ".toml") {
					var v map[string]any
					if err := toml.Unmarshal(have, &v); err != nil {
						t.Errorf("%s: %v", f.Name, err)
					}
				}
				if *update {
					ar.Files[i].Data = have
				} else if string(have) != string(f.Data) {
					t.Errorf("%s is\n%s", f.Name, have)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestBadOverrides(t *testing.T) {
	for _, c := range []struct{ toml, want string }{
		{"[feature.other.dependencies]\na = \"*\"\n", `there is no feature "other"; there are default, runner, test`},
		{"[dependencies]\na = \"*\"\n", "line 1: dependencies is not known there"},
		{"[feature.default]\ntasks = 1\n", "line 2: feature.default.tasks is not known there"},
		{"[feature.default.dependencies]\na = 1\n", "feature.default.dependencies.a: it must be a version or a table"},
		{"[feature.default.dependencies]\na = {version = 1}\n", "version must be a text"},
		{"[feature.default.dependencies]\na = {chanel = \"x\"}\n", "the key chanel is not known; there are version, build, channel"},
		{"[feature.default.dependencies]\na = {channel = \"conda-frog\"}\n", "unknown channel conda-frog"},
		{"[feature.test.dependencies]\na_b = \"*\"\n[feature.test.pypi-dependencies]\nA-B = \"*\"\n", "feature.test has A-B in dependencies and in pypi-dependencies"},
		{"[feature.test.pypi-dependencies]\na = {extras = [1]}\n", "extras must be a text, or a list of texts where it is extras"},
		{"[feature.test.pypi-dependencies]\na = {editable = \"yes\", path = true}\n", "path must be a text"},
		{"a = [\n", "env_overrides, line 1, column 6: array is incomplete"},
		{"feature = 1\n", "env_overrides"},
	} {
		_, err := overrides([]byte(c.toml))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, not %q", c.toml, err, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ text, version, build string }{
		{"*", "*", ""}, {">=1,<2", ">=1,<2", ""}, {">=1, <2", ">=1, <2", ""}, {">= 1", ">= 1", ""}, {"=1.2", "=1.2", ""}, {"==1.2", "==1.2", ""},
		{"1.2 py311_0", "1.2", "py311_0"}, {">=1,<2 py*", ">=1,<2", "py*"}, {"=1.2=py311_0", "=1.2", "py311_0"}, {"==1.2=0", "==1.2", "0"}, {"1.2=0", "1.2", "0"}, {"1.2|>=2 , <3", "1.2|>=2 , <3", ""},
	} {
		if v, b := split(c.text); v != c.version || b != c.build {
			t.Errorf("%q: %q, %q", c.text, v, b)
		}
	}
}

// TestAddress: channels that only the ecosystem knows by name get their address.
func TestAddress(t *testing.T) {
	for name, want := range spec.Channels {
		if name == "conda-forge" || name == "microsoft" {
			want = name
		}
		if got := address(name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	if got := address("https://conda.example.org/x/"); got != "https://conda.example.org/x/" {
		t.Errorf("an address is %s", got)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ prefix, id, dir, module string }{
		{"wt-", "patrols", "wt-patrols-workflow", "wt_patrols_workflow"},
		{"wt", "my_patrols", "wt-my-patrols-workflow", "wt_my_patrols_workflow"},
		{"ecoscope-workflows-", "events", "ecoscope-workflows-events-workflow", "ecoscope_workflows_events_workflow"},
	} {
		if dir, module := Names(c.prefix, c.id); dir != c.dir || module != c.module {
			t.Errorf("%q, %q: %s, %s", c.prefix, c.id, dir, module)
		}
	}
}

// TestReadme: what a README says, whatever the spec says in it, can be read back.
func TestReadme(t *testing.T) {
	in := input(t, "id: x\nrequirements: []\nmetadata:\n  name: \"N -- <b>\"\n  description: |\n    Text\n    ```yaml\n    params_sha256: no\n    ```\n  license: MIT\n  maintainers: [{name: A, email: a@b.example}]\nworkflow:\n  - {name: A, id: a, task: f}\n")
	sum := strings.Repeat("0123456789abcdef", 4)
	f := Fingerprints{Spec: sum, Params: sum[1:] + "a", Basic: sum[2:] + "ab", Strict: sum[3:] + "abc"}
	readme := Readme(in, f)
	got, err := ReadReadme(readme)
	if err != nil || got != f {
		t.Errorf("%v, %v of\n%s", got, err, readme)
	}
	theirs := "```\n# AUTOGENERATED\n```\n\n```yaml\n# fingerprint:\nartifacts_sha256_basic: '" + f.Basic + "'\nartifacts_sha256_strict: " + f.Strict + "\ninstalled_requirements:\n- {channel: c, name: a, version: ==1}\nparams_sha256: " +
		f.Params + "\nspec_sha256: " + f.Spec + "\n\n```\n\n# x\n\n![](graph.png)\n"
	if got, err := ReadReadme([]byte(theirs)); err != nil || got != f {
		t.Errorf("wt-compiler's README says %v, %v", got, err)
	}
	if strings.Contains(string(readme), "<b>") || !strings.Contains(string(readme), "- `TOKEN`") {
		t.Errorf("the README is\n%s", readme)
	}
}

func TestVersionYAML(t *testing.T) {
	for _, v := range []Version{{}, {1, 2, 3}, {10, 0, 7}} {
		if got, err := ReadVersion(append([]byte("# a header: 1\n\n"), v.YAML()...)); err != nil || got != v {
			t.Errorf("%v: %v, %v", v, got, err)
		}
		if got, err := ParseVersion(v.String()); err != nil || got != v {
			t.Errorf("%v: %v, %v", v, got, err)
		}
	}
	if got, err := ReadVersion([]byte("{MAJ: 4, MIN: 5, PATCH: 0}\n")); err != nil || got != (Version{4, 5, 0}) {
		t.Errorf("wt-compiler's is %v, %v", got, err)
	}
	for _, bad := range []string{"", "1.", "1.02", "-1", "1.2.3.4", "1.a", "99999999999"} {
		if v, err := ParseVersion(bad); err == nil {
			t.Errorf("%q is the version %v", bad, v)
		}
	}
}
