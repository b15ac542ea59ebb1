package flowserver

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// plain gives a value of YAML as one that can be written as JSON, with its keys in order.
func plain(n *yamltree.Node) any {
	switch n.Kind {
	case yamltree.Bool:
		return n.Text == "true"
	case yamltree.Int, yamltree.Float:
		if strings.ContainsAny(n.Text, "ni") { // nan and inf, which JSON has not
			return n.Text
		}
		return ojson.Number(n.Text)
	case yamltree.String:
		return n.Text
	case yamltree.List:
		l := make([]any, len(n.List))
		for i, x := range n.List {
			l[i] = plain(x)
		}
		return l
	case yamltree.Map:
		o := ojson.New()
		for _, p := range n.Pairs {
			o.Set(p.Key, plain(p.Value))
		}
		return o
	}
	return nil
}

// word is a key that needs no quotes in any YAML.
var word = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][\w-]*$`) })

// reserved are words that some YAML takes for something else.
var reserved = map[string]bool{"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true, "true": true, "false": true, "null": true}

// asYAML writes a value as YAML: a line for each member and element, texts in quotes, so that they are texts for every reader.
func asYAML(v any) []byte {
	var b bytes.Buffer
	writeYAML(&b, v, "")
	return b.Bytes()
}

func writeYAML(b *bytes.Buffer, v any, indent string) {
	switch v := v.(type) {
	case *ojson.Object:
		if v.Len() > 0 {
			for i, k := range v.Keys() {
				if i > 0 {
					b.WriteString(indent)
				}
				x, _ := v.Get(k)
				if word().MatchString(k) && !reserved[strings.ToLower(k)] {
					b.WriteString(k)
				} else {
					b.WriteString(scalar(k))
				}
				b.WriteByte(':')
				writeMember(b, x, indent)
			}
			return
		}
	case []any:
		if len(v) > 0 {
			for i, x := range v {
				if i > 0 {
					b.WriteString(indent)
				}
				b.WriteString("- ")
				writeYAML(b, x, indent+"  ")
			}
			return
		}
	}
	b.WriteString(scalar(v) + "\n")
}

// writeMember writes what comes after a key's colon.
func writeMember(b *bytes.Buffer, v any, indent string) {
	o, isObject := v.(*ojson.Object)
	l, isList := v.([]any)
	if isObject && o.Len() > 0 || isList && len(l) > 0 {
		b.WriteString("\n" + indent + "  ")
		writeYAML(b, v, indent+"  ")
		return
	}
	b.WriteByte(' ')
	writeYAML(b, v, indent)
}

// scalar writes what has one line, in JSON's form, which is YAML's as well.
func scalar(v any) string {
	b, err := ojson.Marshal(v, "")
	if err != nil { // what was read can be written
		return "null"
	}
	return string(b)
}
