package load

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/zclconf/go-cty/cty"
)

const (
	// maxYAML bounds how many values a YAML text stands for: with aliases a short text can mean a great many.
	maxYAML      = 1 << 20
	maxYAMLDepth = 200
)

// decodeYAML reads a YAML text of one document. Keys are strings; merge keys and aliases are followed.
func decodeYAML(text string) (v cty.Value, err error) {
	// The parser is the library's, and its input anyone's.
	defer func() {
		if r := recover(); r != nil {
			v, err = cty.DynamicVal, fmt.Errorf("no YAML: the reader gave up (%v)", r)
		}
	}()
	if deepYAML(text) {
		return cty.DynamicVal, fmt.Errorf("no YAML: nested more than %d deep", maxYAMLDepth)
	}
	f, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("no YAML: %s", firstLine(err.Error()))
	}
	d := yamlReader{anchors: map[string]any{}, sizes: map[string]int{}}
	var plain any
	n := 0
	for _, doc := range f.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if n++; n > 1 {
			return cty.DynamicVal, fmt.Errorf("more than one YAML document")
		}
		if plain, err = d.read(doc.Body, 0); err != nil {
			return cty.DynamicVal, err
		}
	}
	return fromPlain(plain)
}

// deepYAML says whether text has more open brackets, or starts a line with more `- ` marks or deeper, than any
// document needs: the parser recurses.
func deepYAML(text string) bool {
	open, marks := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '\n':
			marks = 0
		case '-', '?', ':':
			if i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == '\t') {
				marks++
			}
		}
		if open > maxYAMLDepth || marks > maxYAMLDepth {
			return true
		}
	}
	return false
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return clip(s)
}

type yamlReader struct {
	anchors map[string]any
	sizes   map[string]int
	count   int
}

func (d *yamlReader) read(n ast.Node, depth int) (any, error) {
	if d.count++; d.count > maxYAML || depth > maxYAMLDepth {
		return nil, fmt.Errorf("the YAML text stands for too many values")
	}
	switch n := n.(type) {
	case nil:
		return nil, nil
	case *ast.NullNode:
		return nil, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode:
		return json.Number(fmt.Sprint(n.Value)), nil
	case *ast.FloatNode:
		if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
			return nil, fmt.Errorf("a number that is not finite")
		}
		return json.Number(strconv.FormatFloat(n.Value, 'g', -1, 64)), nil
	case *ast.InfinityNode, *ast.NanNode:
		return nil, fmt.Errorf("a number that is not finite")
	case *ast.TagNode:
		if n.Start != nil && n.Start.Value == "!!str" {
			if s, ok := n.Value.(ast.ScalarNode); ok {
				return s.GetToken().Value, nil
			}
		}
		return d.read(n.Value, depth+1)
	case *ast.AnchorNode:
		before := d.count
		v, err := d.read(n.Value, depth+1)
		if err == nil {
			name := n.Name.GetToken().Value
			d.anchors[name], d.sizes[name] = v, d.count-before
		}
		return v, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		v, ok := d.anchors[name]
		if !ok {
			return nil, fmt.Errorf("no anchor called %q before its use", clip(name))
		}
		if d.count += d.sizes[name]; d.count > maxYAML {
			return nil, fmt.Errorf("the YAML text stands for too many values")
		}
		return v, nil
	case *ast.SequenceNode:
		vs := make([]any, 0, len(n.Values))
		for _, e := range n.Values {
			v, err := d.read(e, depth+1)
			if err != nil {
				return nil, err
			}
			vs = append(vs, v)
		}
		return vs, nil
	case *ast.MappingNode:
		return d.mapping(n.Values, depth)
	case *ast.MappingValueNode:
		return d.mapping([]*ast.MappingValueNode{n}, depth)
	}
	return nil, fmt.Errorf("YAML of a kind that is not understood: %s", n.Type())
}

func (d *yamlReader) mapping(entries []*ast.MappingValueNode, depth int) (any, error) {
	m := make(map[string]any, len(entries))
	var merged []map[string]any
	for _, e := range entries {
		v, err := d.read(e.Value, depth+1)
		if err != nil {
			return nil, err
		}
		if _, ok := e.Key.(*ast.MergeKeyNode); ok {
			list, isList := v.([]any)
			if !isList {
				list = []any{v}
			}
			for _, x := range list {
				mm, ok := x.(map[string]any)
				if !ok {
					return nil, fmt.Errorf("<< takes a map or a list of maps")
				}
				merged = append(merged, mm)
			}
			continue
		}
		k, err := d.read(e.Key, depth+1)
		if err != nil {
			return nil, err
		}
		var key string
		switch k := k.(type) {
		case string:
			key = k
		case json.Number:
			key = string(k)
		case bool:
			key = strconv.FormatBool(k)
		case nil:
			key = "null"
		default:
			return nil, fmt.Errorf("a key that is a list or a map")
		}
		if _, dup := m[key]; dup {
			return nil, fmt.Errorf("the key %q stands twice", clip(key))
		}
		m[key] = v
	}
	for _, mm := range merged {
		for k, v := range mm {
			if _, ok := m[k]; !ok {
				m[k] = v
			}
		}
	}
	return m, nil
}
