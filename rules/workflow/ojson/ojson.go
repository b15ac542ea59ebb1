// Package ojson holds JSON whose objects keep the order of their keys: schemas are shown to people in the order of signatures.
//
// A value is nil, bool, string, Number, []any or *Object.
package ojson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Number is a number as it is written.
type Number string

// Object is an object that keeps its order; a key that is set again keeps its place. The zero Object is empty and ready to use, and
// a nil one is empty and only to be read.
type Object struct {
	keys   []string
	values map[string]any
}

// New makes an object of keys and values, in turn: New("type", "string").
func New(kv ...any) *Object {
	o := &Object{}
	for i := 0; i+1 < len(kv); i += 2 {
		o.Set(kv[i].(string), kv[i+1])
	}
	return o
}

// Len gives how many keys there are.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.keys)
}

// Keys gives the keys in order; the caller may change the slice.
func (o *Object) Keys() []string {
	if o == nil {
		return nil
	}
	return slices.Clone(o.keys)
}

// Get gives a key's value; false where there is none.
func (o *Object) Get(key string) (any, bool) {
	if o == nil {
		return nil, false
	}
	v, ok := o.values[key]
	return v, ok
}

// String gives a key's text, "" where it has none.
func (o *Object) String(key string) string {
	v, _ := o.Get(key)
	s, _ := v.(string)
	return s
}

// Object gives a key's object, nil where it has none.
func (o *Object) Object(key string) *Object {
	v, _ := o.Get(key)
	x, _ := v.(*Object)
	return x
}

// List gives a key's list, nil where it has none.
func (o *Object) List(key string) []any {
	v, _ := o.Get(key)
	l, _ := v.([]any)
	return l
}

// Set gives key a value; a new key comes last.
func (o *Object) Set(key string, v any) {
	if o.values == nil {
		o.values = map[string]any{}
	}
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

// Delete drops a key.
func (o *Object) Delete(key string) {
	if _, ok := o.Get(key); ok {
		delete(o.values, key)
		o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
	}
}

// Clone copies a value with all that is in it.
func Clone(v any) any {
	switch v := v.(type) {
	case *Object:
		if v == nil {
			return v
		}
		c := &Object{}
		for _, k := range v.keys {
			c.Set(k, Clone(v.values[k]))
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = Clone(v[i])
		}
		return c
	}
	return v
}

// Sorted copies a value, with the keys of all objects in it in the order of the alphabet.
func Sorted(v any) any {
	switch v := v.(type) {
	case *Object:
		o := &Object{}
		for _, k := range slices.Sorted(slices.Values(v.Keys())) {
			x, _ := v.Get(k)
			o.Set(k, Sorted(x))
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = Sorted(v[i])
		}
		return l
	}
	return v
}

// Parse reads one JSON value and nothing after it. A key that is given twice has its last value. Nesting deeper than 10,000 is an error.
func Parse(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := decode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the JSON value")
	}
	return v, nil
}

func decode(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		return Number(t), nil
	case json.Delim:
		if depth >= 10000 {
			return nil, fmt.Errorf("the JSON is nested too deep")
		}
		if t == '[' {
			l := []any{}
			for d.More() {
				v, err := decode(d, depth+1)
				if err != nil {
					return nil, err
				}
				l = append(l, v)
			}
			_, err := d.Token()
			return l, err
		}
		o := &Object{}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decode(d, depth+1)
			if err != nil {
				return nil, err
			}
			o.Set(k.(string), v)
		}
		_, err := d.Token()
		return o, err
	}
	return t, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Object) UnmarshalJSON(b []byte) error {
	v, err := Parse(b)
	if err != nil {
		return err
	}
	x, ok := v.(*Object)
	if !ok {
		return fmt.Errorf("no JSON object")
	}
	*o = *x
	return nil
}

// MarshalJSON implements json.Marshaler.
func (o *Object) MarshalJSON() ([]byte, error) { return Marshal(o, "") }

// Marshal writes a value. With an indent each element has its own line, as Python's json.dumps(v, indent=N) has it; without, there are no spaces.
// Letters beyond ASCII stay as they are. There is no line end after it.
func Marshal(v any, indent string) ([]byte, error) {
	var b strings.Builder
	if err := write(&b, v, indent, "\n"); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

func write(b *strings.Builder, v any, indent, line string) error {
	// between writes what stands before an element, or before the closing bracket.
	between := func(s string) {
		if indent != "" {
			b.WriteString(s)
		}
	}
	switch v := v.(type) {
	case Number:
		b.WriteString(string(v))
	case *Object:
		if v.Len() == 0 {
			b.WriteString("{}")
			return nil
		}
		for i, k := range v.keys {
			b.WriteByte("{,"[min(i, 1)])
			between(line + indent)
			if err := scalar(b, k); err != nil {
				return err
			}
			b.WriteByte(':')
			between(" ")
			if err := write(b, v.values[k], indent, line+indent); err != nil {
				return err
			}
		}
		between(line)
		b.WriteByte('}')
	case []any:
		if len(v) == 0 {
			b.WriteString("[]")
			return nil
		}
		for i, x := range v {
			b.WriteByte("[,"[min(i, 1)])
			between(line + indent)
			if err := write(b, x, indent, line+indent); err != nil {
				return err
			}
		}
		between(line)
		b.WriteByte(']')
	case nil, bool, string:
		return scalar(b, v)
	default:
		return fmt.Errorf("ojson cannot write a %T", v)
	}
	return nil
}

func scalar(b *strings.Builder, v any) error {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Write(bytes.TrimRight(buf.Bytes(), "\n"))
	return nil
}
