package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// overrides reads the TOML of env_overrides:
//
//	[feature.default.dependencies]       # or runner, or test
//	numpy = ">=2"                        # or { version = ">=2", channel = "conda-forge" }
//	[feature.default.pypi-dependencies]
//	wt-task = { path = "/src/wt-task", editable = true }
//
// Names are taken in the order of the alphabet. Paths that are relative are pixi's: relative to the generated pixi.toml.
func overrides(b []byte) (map[string]section, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var doc struct {
		Feature map[string]struct {
			Dependencies map[string]any `toml:"dependencies"`
			PyPI         map[string]any `toml:"pypi-dependencies"`
		} `toml:"feature"`
	}
	d := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		var unknown *toml.StrictMissingError
		var bad *toml.DecodeError
		switch {
		case errors.As(err, &unknown) && len(unknown.Errors) > 0:
			row, _ := unknown.Errors[0].Position()
			return nil, fmt.Errorf("env_overrides, line %d: %s is not known there; there are feature.NAME.dependencies and feature.NAME.pypi-dependencies",
				row, strings.Join(unknown.Errors[0].Key(), "."))
		case errors.As(err, &bad):
			row, col := bad.Position()
			return nil, fmt.Errorf("env_overrides, line %d, column %d: %s", row, col, strings.TrimPrefix(bad.Error(), "toml: "))
		}
		return nil, fmt.Errorf("env_overrides: %w", err)
	}
	all := map[string]section{}
	for _, name := range slices.Sorted(maps.Keys(doc.Feature)) {
		if !slices.Contains(features, name) {
			return nil, fmt.Errorf("env_overrides: there is no feature %q; there are %s", name, strings.Join(features, ", "))
		}
		f := doc.Feature[name]
		var s section
		for _, k := range slices.Sorted(maps.Keys(f.Dependencies)) {
			v, err := condaValue(f.Dependencies[k])
			if err != nil {
				return nil, fmt.Errorf("env_overrides: feature.%s.dependencies.%s: %w", name, k, err)
			}
			s.conda = append(s.conda, dependency{k, v})
		}
		for _, k := range slices.Sorted(maps.Keys(f.PyPI)) {
			if slices.ContainsFunc(s.conda, func(d dependency) bool { return normal(d.name) == normal(k) }) {
				return nil, fmt.Errorf("env_overrides: feature.%s has %s in dependencies and in pypi-dependencies; it can have only one of them", name, k)
			}
			v, err := pypiValue(f.PyPI[k])
			if err != nil {
				return nil, fmt.Errorf("env_overrides: feature.%s.pypi-dependencies.%s: %w", name, k, err)
			}
			s.pypi = append(s.pypi, dependency{k, v})
		}
		all[name] = s
	}
	return all, nil
}

func condaValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return table{{"version", v}, {"channel", forge}}, nil
	case map[string]any:
		t, err := ordered(v, "version", "build", "channel")
		if err != nil {
			return nil, err
		}
		if _, ok := v["version"]; !ok {
			t = append(table{{"version", "*"}}, t...)
		}
		if _, ok := v["channel"]; !ok {
			t = append(t, field{"channel", forge})
		}
		for i, f := range t {
			if f.key != "channel" {
				continue
			}
			c := f.value.(string)
			if _, known := spec.Channels[c]; !known && !strings.Contains(c, "://") {
				return nil, fmt.Errorf("unknown channel %s; a channel is an address or one of %s", c, strings.Join(slices.Sorted(maps.Keys(spec.Channels)), ", "))
			}
			t[i].value = address(c)
		}
		return t, nil
	}
	return nil, fmt.Errorf("it must be a version or a table")
}

func pypiValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case map[string]any:
		return ordered(v, "version", "git", "path", "url", "rev", "branch", "tag", "editable", "subdirectory", "extras", "index")
	}
	return nil, fmt.Errorf("it must be a version or a table")
}

// ordered gives a table whose keys are in the order of known, which has all that there may be.
func ordered(m map[string]any, known ...string) (table, error) {
	var t table
	for _, k := range known {
		v, ok := m[k]
		if !ok {
			continue
		}
		switch x := v.(type) {
		case string:
		case bool:
			if k != "editable" {
				return nil, fmt.Errorf("%s must be a text", k)
			}
		case []any:
			for _, e := range x {
				if _, ok := e.(string); !ok || k != "extras" {
					return nil, fmt.Errorf("%s must be a text, or a list of texts where it is extras", k)
				}
			}
		default:
			return nil, fmt.Errorf("%s must be a text", k)
		}
		t = append(t, field{k, v})
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(known, k) {
			return nil, fmt.Errorf("the key %s is not known; there are %s", k, strings.Join(known, ", "))
		}
	}
	return t, nil
}
