package python

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxDepth is how deep the values of a lock may lie in each other. The decoder calls itself for each level, and a stack that
// overflows cannot be recovered from.
const maxDepth = 1000

// parseTOML reads a document into tables (map[string]any), arrays ([]any) and plain values. An error says which line it is about.
func parseTOML(b []byte) (map[string]any, error) {
	if line := tooDeep(b); line > 0 {
		return nil, fmt.Errorf("line %d: more than %d brackets are open", line, maxDepth)
	}
	var doc map[string]any
	if err := toml.Unmarshal(b, &doc); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, column := at.Position()
			return nil, fmt.Errorf("line %d, column %d: %s", line, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, err
	}
	return doc, nil
}

// tooDeep gives the line in which too many brackets are open, 0 for none. It counts those in texts and comments too: nobody
// made a lock with so many more that open than close.
func tooDeep(b []byte) int {
	line, open := 1, 0
	for _, c := range b {
		switch c {
		case '\n':
			line++
		case '[', '{':
			if open++; open > maxDepth {
				return line
			}
		case ']', '}':
			open = max(0, open-1)
		}
	}
	return 0
}

// ParseTOML reads a document, for the kinds that build on environments: tables are map[string]any, arrays []any. An error says which line it
// is about.
func ParseTOML(b []byte) (map[string]any, error) { return parseTOML(b) }
