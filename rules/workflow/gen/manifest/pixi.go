package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// forge is the channel of what has no other.
const forge = "conda-forge"

// ecosystem is how the channel of the run-time packages is called, whatever its address is.
const ecosystem = "ecoscope-workflows"

// section is what one feature of pixi.toml asks of conda and of pip, by normalized name.
type section struct{ conda, pypi []dependency }

type dependency struct {
	name  string
	value any // a version or a table
}

// put replaces what either list has of the name.
func (s *section) put(d dependency, pip bool) {
	same := func(x dependency) bool { return normal(x.name) == normal(d.name) }
	to, other := &s.conda, &s.pypi
	if pip {
		to, other = other, to
	}
	*other = slices.DeleteFunc(*other, same)
	if i := slices.IndexFunc(*to, same); i >= 0 {
		(*to)[i] = d
		return
	}
	*to = append(*to, d)
}

// features are the sections of the three features, in the order of the file.
var features = []string{"default", "runner", "test"}

// Pixi writes pixi.toml. What its features ask for comes in three layers: what generated code needs, over that the spec's
// requirements, over both the TOML of Input.Overrides. An error is about the latter.
func Pixi(in Input) ([]byte, error) {
	over, err := overrides(in.Overrides)
	if err != nil {
		return nil, err
	}
	secs := defaults(in)
	drop := map[string]bool{}
	for _, r := range in.Workflow.Spec.Requirements {
		drop[normal(r.Name)] = true
	}
	for _, name := range features {
		s := secs[name]
		supplied := func(d dependency) bool { return drop[normal(d.name)] }
		s.conda, s.pypi = slices.DeleteFunc(s.conda, supplied), slices.DeleteFunc(s.pypi, supplied)
		if name == "default" {
			required := &section{}
			for _, r := range in.Workflow.Spec.Requirements {
				required.put(requirement(r), r.PyPI())
			}
			s.conda, s.pypi = append(required.conda, s.conda...), append(required.pypi, s.pypi...)
		}
		for _, d := range over[name].conda {
			s.put(d, false)
		}
		for _, d := range over[name].pypi {
			s.put(d, true)
		}
		s.pythonFor(name)
	}
	// The package itself, so that its console script is there and its metadata is found.
	secs["default"].put(dependency{in.Dir, table{{"path", "."}, {"editable", true}}}, true)

	w := &writer{}
	w.table("workspace")
	w.set("name", in.Dir)
	w.set("version", in.Version)
	w.set("channels", channels(secs))
	w.set("platforms", platforms())
	w.section("", secs["default"])
	w.table("tasks")
	w.set(in.Dir, "python -m "+in.Module)
	w.set("serve", "python -m "+in.Module+" serve")
	w.set("docker-build", build(in))
	for _, name := range features[1:] {
		w.section("feature."+name+".", secs[name])
	}
	w.table("feature.test.tasks")
	for _, t := range testTasks() {
		w.set(t.key, t.value)
	}
	w.table("environments")
	w.set("default", table{{"solve-group", "default"}})
	w.set("runner", table{{"features", []any{"runner"}}, {"solve-group", "runner"}, {"no-default-feature", true}})
	w.set("test", table{{"features", []any{"test"}}, {"solve-group", "default"}})
	return w.bytes(), nil
}

func (w *writer) section(prefix string, s *section) {
	for _, part := range []struct {
		name string
		list []dependency
	}{{"dependencies", s.conda}, {"pypi-dependencies", s.pypi}} {
		if len(part.list) > 0 {
			w.table(prefix + part.name)
			for _, d := range part.list {
				w.set(d.name, d.value)
			}
		}
	}
}

// pythonFor adds the interpreter where nothing asks for one: pixi takes it from conda, and pip's packages bring none.
func (s *section) pythonFor(feature string) {
	if feature == "test" || slices.ContainsFunc(s.conda, func(d dependency) bool { return normal(d.name) == "python" }) {
		return
	}
	version := ">=3.10"
	if feature == "runner" {
		version = ">=3.13,<3.14" // what wt-runner takes
	}
	s.conda = append([]dependency{{"python", version}}, s.conda...)
}

// defaults is the lowest layer. The run-time packages come from their conda channel where the spec names it, and else from PyPI,
// where a variant is an extra and not a package of its own.
func defaults(in Input) map[string]*section {
	channel := ""
	for _, r := range in.Workflow.Spec.Requirements {
		if !r.PyPI() && label(r.Channel) == ecosystem && !local(r.Channel) {
			channel = address(r.Channel)
			break
		}
	}
	wt := func(s *section, name string) {
		switch {
		case channel != "" && in.Variant != "":
			s.put(dependency{name + "-" + in.Variant, table{{"version", ranges[name]}, {"channel", channel}}}, false)
		case channel != "":
			s.put(dependency{name, table{{"version", ranges[name]}, {"channel", channel}}}, false)
		case in.Variant != "":
			s.put(dependency{name, table{{"version", ranges[name]}, {"extras", []any{in.Variant}}}}, true)
		default:
			s.put(dependency{name, ranges[name]}, true)
		}
	}
	conda := func(s *section, names ...string) {
		for _, n := range names {
			s.put(dependency{n, table{{"version", ranges[n]}, {"channel", forge}}}, false)
		}
	}
	def, runner, test := &section{}, &section{}, &section{}
	conda(def, "fastapi", "obstore", "pydantic", "pyyaml", "uvicorn")
	def.put(dependency{"wt-contracts", ranges["wt-contracts"]}, true)
	if channel != "" {
		def.put(dependency{"wt-contracts", table{{"version", ranges["wt-contracts"]}, {"channel", channel}}}, false)
	}
	wt(def, "wt-task")
	wt(runner, "wt-runner")
	conda(test, "httpx", "pytest")
	return map[string]*section{"default": def, "runner": runner, "test": test}
}

// requirement gives one of the spec's requirements as pixi has it.
func requirement(r spec.Requirement) dependency {
	if !r.PyPI() {
		version, build := split(cmp.Or(r.Version, "*"))
		t := table{{"version", version}}
		if build != "" {
			t = append(t, field{"build", build})
		}
		return dependency{r.Name, append(t, field{"channel", address(cmp.Or(r.Channel, forge))})}
	}
	var t table
	for _, f := range []struct{ key, v string }{{"git", r.Git}, {"path", r.Path}, {"url", r.URL}, {"rev", r.Rev}, {"branch", r.Branch}, {"tag", r.Tag}} {
		if f.v != "" {
			t = append(t, field{f.key, f.v})
		}
	}
	if r.Editable {
		t = append(t, field{"editable", true})
	}
	if r.Subdirectory != "" {
		t = append(t, field{"subdirectory", r.Subdirectory})
	}
	if len(r.Extras) > 0 {
		t = append(t, field{"extras", texts(r.Extras)})
	}
	return dependency{r.Name, t}
}

// split parts a match spec without a name into its version and its build: "1.2 py311_0" and "=1.2=py311_0" have one.
func split(text string) (version, build string) {
	text = strings.TrimSpace(text)
	if i := strings.LastIndexAny(text, " \t"); i >= 0 {
		before, after := strings.TrimSpace(text[:i]), text[i+1:]
		if !strings.ContainsAny(after, "<>=!~,|()") && strings.IndexByte("<>=!~,|(", before[len(before)-1]) < 0 {
			return before, after
		}
	}
	if i := strings.LastIndexByte(text, '='); i > 0 && !strings.ContainsAny(text, "<>!~,|() \t") && strings.Trim(text[:i], "=") != "" {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// address gives what pixi finds a channel by: the names that conda itself knows stay names.
func address(channel string) string {
	if channel == forge || channel == "microsoft" {
		return channel
	}
	return cmp.Or(spec.Channels[channel], channel)
}

// channels gives all channels that a dependency names: folders of this machine first, then those of the spec in the order in which
// it names them, and the large public ones last, so that what a project publishes itself is found before a namesake.
func channels(secs map[string]*section) []any {
	var names []string
	for _, f := range features {
		for _, d := range secs[f].conda {
			t, _ := d.value.(table)
			for _, x := range t {
				if s, ok := x.value.(string); ok && x.key == "channel" && !slices.Contains(names, s) {
					names = append(names, s)
				}
			}
		}
	}
	if !slices.Contains(names, forge) {
		names = append(names, forge)
	}
	rank := func(c string) int {
		switch {
		case local(c):
			return 0
		case label(c) == ecosystem:
			return 2
		case label(c) == forge:
			return 3
		case label(c) == "microsoft":
			return 4
		}
		return 1
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return texts(names)
}

// label gives the last part of a channel's address, or its name.
func label(channel string) string {
	channel = strings.TrimRight(channel, "/")
	return channel[strings.LastIndexByte(channel, '/')+1:]
}

func local(channel string) bool { return strings.HasPrefix(channel, "file://") }

// platforms are those that conda-forge builds for. An image may run on a host with an old kernel.
func platforms() []any {
	return []any{
		table{{"platform", "linux-64"}, {"linux", "4.4.0"}},
		table{{"platform", "linux-aarch64"}, {"linux", "4.4.0"}},
		"osx-arm64", "win-64", "osx-64",
	}
}

// build gives the command that builds the image. Channels that are folders are copied into the build's context first.
func build(in Input) string {
	cmd := "docker buildx build -t " + in.Dir + " ."
	for _, dir := range folders(in) {
		cmd = fmt.Sprintf("mkdir -p .channels%s && cp -r %s/. .channels%s && %s", dir, dir, dir, cmd)
	}
	return cmd
}

// folders are the spec's channels that are folders, without the file:// and the slash at the end.
func folders(in Input) []string {
	var l []string
	for _, r := range in.Workflow.Spec.Requirements {
		if c := address(r.Channel); !r.PyPI() && local(c) {
			if d := strings.TrimRight(strings.TrimPrefix(c, "file://"), "/"); d != "" && !slices.Contains(l, d) {
				l = append(l, d)
			}
		}
	}
	return l
}

// testTasks are the names that the ecosystem's continuous integration calls.
func testTasks() table {
	t := table{
		{"test-all", "python -m pytest -v tests"},
		{"test-app-params", "python -m pytest -v tests/test_metadata.py"},
	}
	for _, api := range []string{"app", "cli"} {
		for _, mode := range []struct{ name, is string }{{"async", "parallel"}, {"sequential", "sequential"}} {
			t = append(t, field{"test-" + api + "-" + mode.name + "-mock-io", "python -m pytest -v tests/test_results.py -k '" + api + " and " + mode.is + "'"})
		}
	}
	return t
}
