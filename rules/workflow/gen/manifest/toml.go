package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// writer writes a TOML document from top to bottom: values are string, bool, int64, float64, []any and table.
type writer struct{ b bytes.Buffer }

// table is an inline table; its order is kept.
type table []field

type field struct {
	key   string
	value any
}

func (w *writer) table(name string) {
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
	w.b.WriteString("[" + name + "]\n")
}

func (w *writer) set(key string, v any) { fmt.Fprintf(&w.b, "%s = %s\n", bare(key), inline(v)) }

// lines writes a list with a line for each element.
func (w *writer) lines(key string, l []string) {
	if len(l) == 0 {
		w.set(key, []any{})
		return
	}
	fmt.Fprintf(&w.b, "%s = [\n", bare(key))
	for _, s := range l {
		fmt.Fprintf(&w.b, "    %s,\n", quote(s))
	}
	w.b.WriteString("]\n")
}

func (w *writer) bytes() []byte { return w.b.Bytes() }

func inline(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".en") {
			s += ".0"
		}
		return s
	case []any:
		l := make([]string, len(v))
		for i, x := range v {
			l[i] = inline(x)
		}
		return "[" + strings.Join(l, ", ") + "]"
	case table:
		l := make([]string, len(v))
		for i, f := range v {
			l[i] = bare(f.key) + " = " + inline(f.value)
		}
		if len(l) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(l, ", ") + " }"
	}
	return quote(fmt.Sprint(v))
}

// bare writes a key, quoted where it must be.
func bare(key string) string {
	for _, c := range key {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return quote(key)
		}
	}
	if key == "" {
		return `""`
	}
	return key
}

// quote writes a basic string. JSON's strings are TOML's, but for one letter that TOML wants escaped.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has JSON
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007f`)
}
