package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/cairn-build/cairn/graph/procedure"
)

// callForm says how arguments of a function are written.
const callForm = `It is a list of arguments, an object of named ones, or {"args": [...], "kwargs": {...}}: --main-args '["a", 1]'`

// parseCall reads what a function is called with, as a person writes it: a list of arguments, an object of named ones, or an object
// with both.
func parseCall(text []byte) (*procedure.Call, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("it is more than one value of JSON")
	}
	c := &procedure.Call{}
	switch raw[0] {
	case '[':
		return c, json.Unmarshal(raw, &c.Args)
	case '{':
	default:
		return nil, fmt.Errorf("it is neither a list nor an object")
	}
	var named map[string]json.RawMessage
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, err
	}
	rest := maps.Clone(named)
	delete(rest, "args")
	delete(rest, "kwargs")
	if len(rest) > 0 {
		c.Kwargs = named
		return c, nil
	}
	if a, ok := named["args"]; ok && json.Unmarshal(a, &c.Args) != nil {
		return nil, fmt.Errorf("its args are no list")
	}
	if k, ok := named["kwargs"]; ok && json.Unmarshal(k, &c.Kwargs) != nil {
		return nil, fmt.Errorf("its kwargs are no object")
	}
	return c, nil
}

// flagCall reads the value of --init-args or --main-args.
func flagCall(flag, text string) (*procedure.Call, error) {
	c, err := parseCall([]byte(text))
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--%s: %v", flag, err), callForm}
	}
	return c, nil
}

// callOver lays a call over another one, as the OET does: arguments take the place of arguments, and named ones of those of their
// name.
func callOver(base, c *procedure.Call) *procedure.Call {
	if base == nil || c == nil {
		if c == nil {
			return base
		}
		return c
	}
	out := &procedure.Call{Args: base.Args, Kwargs: map[string]json.RawMessage{}}
	if len(c.Args) > 0 {
		out.Args = c.Args
	}
	maps.Copy(out.Kwargs, base.Kwargs)
	maps.Copy(out.Kwargs, c.Kwargs)
	return out
}
