package python

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// poetryHashes gives the content-hashes that poetry's versions may have put into a lock of a pyproject.toml: the SHA-256 of what
// is relevant of it, as Python's json.dumps(..., sort_keys=True) writes that. Before 2.2, poetry took no notice of [dependency-groups].
func poetryHashes(doc map[string]any) []string {
	var out []string
	for _, groups := range []map[string]any{object(doc, "dependency-groups"), nil} {
		var b strings.Builder
		pythonJSON(&b, poetryRelevant(doc, groups))
		sum := sha256.Sum256([]byte(b.String()))
		out = append(out, hex.EncodeToString(sum[:]))
	}
	return out
}

func poetryRelevant(doc, groups map[string]any) map[string]any {
	own := map[string]any{}
	for _, k := range []string{"requires-python", "dependencies", "optional-dependencies"} {
		if v, ok := object(doc, "project")[k]; ok {
			own[k] = v
		}
	}
	tool := map[string]any{}
	for _, k := range []string{"dependencies", "source", "extras", "dev-dependencies", "group"} {
		v, ok := object(object(doc, "tool"), "poetry")[k]
		if ok || k != "group" && len(own) == 0 && len(groups) == 0 {
			tool[k] = v // nil stands for what is not there, as it always did
		}
	}
	if len(own) == 0 && len(groups) == 0 {
		return tool
	}
	all := map[string]any{"tool": map[string]any{"poetry": tool}}
	if len(own) > 0 {
		all["project"] = own
	}
	if len(groups) > 0 {
		all["dependency-groups"] = groups
	}
	return all
}

// pythonJSON writes a value of a TOML document as Python's json.dumps does with sorted keys.
func pythonJSON(b *strings.Builder, v any) {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(x))
	case string:
		pythonString(b, x)
	case int64:
		b.WriteString(strconv.FormatInt(x, 10))
	case float64:
		s := strconv.FormatFloat(x, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		b.WriteString(s)
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteString(", ")
			}
			pythonJSON(b, e)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, k := range slices.Sorted(maps.Keys(x)) {
			if i > 0 {
				b.WriteString(", ")
			}
			pythonString(b, k)
			b.WriteString(": ")
			pythonJSON(b, x[k])
		}
		b.WriteByte('}')
	default:
		fmt.Fprintf(b, "%v", x) // a date: Python would refuse it, so no lock has a hash of it
	}
}

func pythonString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r >= 0x10000:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, hi, lo)
		case r < ' ' || r > '~':
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
