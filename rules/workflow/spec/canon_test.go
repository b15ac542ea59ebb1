package spec

import (
	"strings"
	"testing"
)

const plainSpec = `
id: demo
metadata: {name: Demo, description: D, license: MIT, maintainers: [{name: A, email: a@b, roles: [x]}], zeta: 1, alpha: [true]}
requirements:
  - {name: numpy, version: ">=1,<2", channel: conda-forge}
rjsf-overrides:
  properties: {a.properties.x.default: 1, a.properties.b: {z: 1, y: 2}}
task-instance-defaults: {skipif: {conditions: [never], unpack_depth: 1}}
workflow:
  - {name: "A", id: a, task: f, partial: {x: 1.50, y: 'text', z: [1, {k: null, j: true}]}}
  - {name: "", id: b, task: g, map: {argnames: [v], argvalues: "${{ workflow.a.return }}"}}
  - {id: c, task: h, mapvalues: {argnames: [v, w], argvalues: ["${{ workflow.b.return }}"]}, skipif: {conditions: [n]}}
`

func canonical(t *testing.T, src string) string {
	t.Helper()
	s, ds := Parse("spec.yaml", []byte(src))
	if ds.HasErrors() {
		t.Fatalf("%v\n%s", ds, src)
	}
	roundTrip(t, s)
	return string(s.Canonical())
}

// TestMeaning compares the canonical forms of specs that mean the same, and of those that do not.
func TestMeaning(t *testing.T) {
	want := canonical(t, plainSpec)
	same := map[string]string{
		"style": `# another file
workflow:
- task:    f
  id: "a"
  name: A
  partial:
    "x": +1.5   # a comment
    y: text
    z:
    - 0x1
    -
      k: ~
      j: True
- map: {argvalues: '${{workflow.a.return}}', argnames: v}
  task: g
  id: b
  mapvalues: {}
- name: null
  id: c
  mapvalues:
    argvalues: ${{   workflow.b.return  }}
    argnames: [v, w]
  task: h
  skipif: {unpack_depth: 1, conditions: [n]}
task-instance-defaults:
  skipif: {conditions: [never]}
requirements:
- requirement: numpy >=1,<2
rjsf-overrides:
  uiSchema: {}
  properties:
    a.properties.b: {z: 1, y: 2}
    a.properties.x.default: 1
metadata:
  alpha: [true]
  zeta: 1
  license: MIT
  maintainers: [{email: a@b, roles: [x], name: A}]
  description: >-
    D
  name: Demo
  keywords: []
  repository: null
id: demo
`,
		"anchors": strings.Replace(strings.Replace(plainSpec, "conditions: [never]", "conditions: &c [never]", 1), "skipif: {conditions: [n]}", "skipif: {conditions: [n], unpack_depth: 1}", 1),
		"returns": strings.ReplaceAll(plainSpec, "\n", "\r\n"),
	}
	for name, src := range same {
		if got := canonical(t, src); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
	for name, r := range map[string][2]string{
		"id":            {"id: demo", "id: demo2"},
		"value":         {"x: 1.50", "x: 1.51"},
		"float and int": {"x: 1.50", "x: 1"},
		"text and int":  {"'text'", "'1'"},
		"order of args": {"x: 1.50, y: 'text'", "y: 'text', x: 1.50"},
		"order of keys": {"{k: null, j: true}", "{j: true, k: null}"},
		"a name":        {`name: "A"`, `name: "B"`},
		"depth":         {"unpack_depth: 1", "unpack_depth: 2"},
		"default":       {"[never]", "[]"},
		"own skip":      {", skipif: {conditions: [n]}", ""},
		"variable":      {`"${{ workflow.a.return }}"`, `"${{ env.a }}"`},
		"list":          {`["${{ workflow.b.return }}"]`, `["${{ workflow.b.return }}", "${{ workflow.b.return }}"]`},
		"requirement":   {">=1,<2", ">=1,<3"},
		"override":      {"default: 1", "default: 2"},
		"metadata":      {"zeta: 1", "zeta: 2"},
	} {
		src := strings.Replace(plainSpec, r[0], r[1], 1)
		if src == plainSpec {
			t.Fatalf("%s changes nothing", name)
		}
		if canonical(t, src) == want {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestHash(t *testing.T) {
	hash := func(src string) string {
		s, ds := Parse("spec.yaml", []byte(src))
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		return s.Hash()
	}
	h := hash(plainSpec)
	if len(h) != 64 || h != hash(strings.Replace(plainSpec, ">=1,<2", "*", 1)) {
		t.Errorf("requirements are part of the fingerprint %s", h)
	}
	if h == hash(strings.Replace(plainSpec, "x: 1.50", "x: 2", 1)) {
		t.Error("an argument is no part of the fingerprint")
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, in := range []string{"", "null x", `{"id":"a"}{}`, `{"what":1}`, `{"items":[{}]}`, `{"items":[{"group":{"tasks":[null]}}]}`, `{"items":[{"group":{},"task":{}}]}`} {
		if s, err := Decode([]byte(in)); err == nil {
			t.Errorf("%q is read as %v", in, s)
		}
	}
}

func TestPlaces(t *testing.T) {
	s, ds := Parse("pkg/spec.yaml", []byte(`id: demo
requirements: []
workflow:
  - id: a
    task: f
    partial:
      x: {k: ["${{ env.X }}", 1], "a/b": "${{ env.Y }}"}
  - type: task-group
    title: G
    description: ""
    tasks:
      - id: b
        task: g
        map: {argnames: v, argvalues: ["${{ env.Z }}", "${{ workflow.a.return }}"]}
        skipif: {conditions: [n]}
`))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	for at, want := range map[string][2]int{
		"/id": {1, 5}, "/workflow/0": {4, 5}, "/workflow/0/task": {5, 11}, "/workflow/0/partial/x": {7, 10}, "/workflow/0/partial/x/k/0": {7, 15},
		"/workflow/0/partial/x/k/1": {7, 10}, "/workflow/0/partial/x/a~1b": {7, 42}, "/workflow/1/tasks/0/map/argvalues/1": {14, 56}, "/workflow/1/tasks/0/map/argnames/0": {14, 25},
		"/workflow/1/tasks/0/skipif/conditions/0": {15, 31}, "/workflow/1/tasks/0/nothing/here": {12, 9}, "/nothing": {0, 0},
	} {
		if r := s.Places.Value(at); r.File != "pkg/spec.yaml" || r.Start.Line != want[0] || r.Start.Column != want[1] {
			t.Errorf("%s is at %d:%d, want %v", at, r.Start.Line, r.Start.Column, want)
		}
	}
	if r := s.Places.Key("/workflow/0/partial/x"); r.Start.Line != 7 || r.Start.Column != 7 {
		t.Errorf("the key is at %v", r.Start)
	}
	if got := Pointer("/a", "b/c", "d~"); got != "/a/b~1c/d~0" {
		t.Error(got)
	}
	var seen []string
	for _, i := range s.Instances() {
		i.Returns(func(at, id string) { seen = append(seen, at+"="+id) })
	}
	if got := strings.Join(seen, " "); got != "/workflow/1/tasks/0/map/argvalues/1=a" {
		t.Error(got)
	}
	if s.Skips(s.Instances()[0]) != nil || s.Skips(s.Instances()[1]).Conditions[0] != "n" {
		t.Error("skips")
	}
}
