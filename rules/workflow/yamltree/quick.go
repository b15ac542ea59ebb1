package yamltree

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuick is how deep quick reads; deeper is left to the library's parser, and to its bounds.
const maxQuick = 50

// quick reads the YAML that most files are: mappings and lists by indentation, scalars in one line, brackets that close in the line that they open in.
// That is several times faster than the library, and specs are read whenever a workspace is. It never judges: what it does not
// know for certain, or what is wrong, it gives up on (nil), and the library reads the whole. What it does give is the same, places included.
func quick(p *places) *Node {
	q := &quickReader{places: p}
	off, indent := q.peek()
	if off < 0 || indent != 0 {
		return nil
	}
	n := q.block(off, 0, 0)
	if off, _ := q.peek(); q.failed || off >= 0 {
		return nil
	}
	return n
}

type quickReader struct {
	*places
	at     int // the line that is next begins here
	failed bool
}

func (q *quickReader) fail() *Node {
	q.failed = true
	return &Node{}
}

func (q *quickReader) node(k Kind, text string, from, to int) *Node {
	return &Node{Kind: k, Text: text, Range: q.span(from, to), from: from, to: to, cost: 16 + len(text)}
}

// peek passes over lines that are empty or comments, and gives where the next one's text begins, and how far it is indented; -1 at the end.
func (q *quickReader) peek() (off, indent int) {
	for q.at < len(q.src) {
		i := q.at
		for i < len(q.src) && q.src[i] == ' ' {
			i++
		}
		switch {
		case i == len(q.src):
			q.at = i
			return -1, 0
		case q.src[i] == '\n':
			q.at = i + 1
		case q.src[i] == '#':
			q.at = q.eol(i) + 1
		default:
			return i, i - q.at
		}
	}
	return -1, 0
}

func (q *quickReader) eol(i int) int {
	if n := strings.IndexByte(q.src[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(q.src)
}

// ends says whether nothing but white space and a comment is in the line from i on.
func (q *quickReader) ends(i int) bool {
	j := i
	for j < len(q.src) && q.src[j] == ' ' {
		j++
	}
	return j >= len(q.src) || q.src[j] == '\n' || q.src[j] == '#' && j > i
}

// over says whether white space or the line's end follows a mark at i: "- ", "key: ".
func (q *quickReader) over(i int) bool {
	return i+1 >= len(q.src) || q.src[i+1] == ' ' || q.src[i+1] == '\n'
}

func (q *quickReader) dash(off int) bool { return q.src[off] == '-' && q.over(off) }

// block reads the mapping or the list that begins at off, in a column of indent.
func (q *quickReader) block(off, indent, depth int) *Node {
	if depth > maxQuick || q.failed {
		return q.fail()
	}
	if q.dash(off) {
		return q.blockList(indent, depth)
	}
	return q.blockMap(off, indent, depth)
}

func (q *quickReader) blockList(indent, depth int) *Node {
	out := &Node{Kind: List, cost: 16}
	for !q.failed {
		off, ind := q.peek()
		if off < 0 || ind < indent || ind == indent && !q.dash(off) {
			break
		}
		if ind > indent {
			return q.fail()
		}
		if out.List == nil {
			out.from = off
		}
		i := off + 1
		for i < len(q.src) && q.src[i] == ' ' {
			i++
		}
		var v *Node
		if q.ends(off + 1) {
			q.at = q.eol(off) + 1
			below, deeper := q.peek()
			if below < 0 || deeper <= indent {
				return q.fail()
			}
			v = q.block(below, deeper, depth+1)
		} else if _, _, ok := q.key(i); ok {
			v = q.blockMap(i, i-q.at, depth+1)
		} else {
			v = q.inline(i, indent, depth)
		}
		out.List = append(out.List, v)
		out.cost += v.cost
		out.to = v.to
	}
	out.Range = q.span(out.from, out.to)
	return out
}

// blockMap reads a mapping whose first key is at off.
func (q *quickReader) blockMap(off, indent, depth int) *Node {
	if depth > maxQuick {
		return q.fail()
	}
	out := &Node{Kind: Map, cost: 16, from: off}
	keys := keySet{}
	for !q.failed {
		key, to, ok := q.key(off)
		if !ok || !keys.add(out, key) {
			return q.fail()
		}
		at := q.span(off, to)
		var v *Node
		if colon := to; q.ends(colon + 1) {
			q.at = q.eol(colon) + 1
			below, deeper := q.peek()
			if below >= 0 && (deeper > indent || deeper == indent && q.dash(below)) {
				v = q.block(below, deeper, depth+1)
			} else {
				v = &Node{Range: at, from: off, to: to, cost: 16}
			}
		} else {
			i := colon + 1
			for q.src[i] == ' ' {
				i++
			}
			v = q.inline(i, indent, depth)
		}
		out.Pairs = append(out.Pairs, Pair{Key: key, At: at, Value: v})
		out.cost += 16 + len(key) + v.cost
		out.to = max(to, v.to)
		next, ind := q.peek()
		if next < 0 || ind < indent {
			break
		}
		if ind > indent || q.dash(next) {
			return q.fail()
		}
		off = next
	}
	out.Range = q.span(out.from, out.to)
	return out
}

// keySet knows the keys of a mapping.
type keySet struct{ index map[string]bool }

// add says whether key is new.
func (s *keySet) add(n *Node, key string) bool {
	if s.index == nil && len(n.Pairs) < 16 {
		return n.Get(key) == nil
	}
	if s.index == nil {
		s.index = map[string]bool{}
		for _, p := range n.Pairs {
			s.index[p.Key] = true
		}
	}
	if s.index[key] {
		return false
	}
	s.index[key] = true
	return true
}

// key gives the key that begins at i and where it ends, before its colon.
func (q *quickReader) key(i int) (text string, to int, ok bool) {
	if c := q.src[i]; c == '"' || c == '\'' {
		text, to, ok = q.quoted(i)
		return text, to, ok && to < len(q.src) && q.src[to] == ':' && q.over(to)
	}
	if !q.plainStart(i) {
		return "", 0, false
	}
	for j := i; j < len(q.src); j++ {
		switch c := q.src[j]; {
		case c == ':' && q.over(j):
			text = q.src[i:j]
			k, _, err := plain(text)
			return text, j, err == nil && k == String && trimmed(text) && !strings.ContainsAny(text, "[]{}<>,\"'&*!|%@`#?")
		case c == '\n' || c == '\t' || c == '#' && q.src[j-1] == ' ':
			return "", 0, false
		}
	}
	return "", 0, false
}

func trimmed(s string) bool { return s == strings.TrimFunc(s, unicode.IsSpace) }

// plainStart says whether a scalar without quotes begins at i, and for certain.
func (q *quickReader) plainStart(i int) bool {
	r, n := utf8.DecodeRuneInString(q.src[i:])
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune("$/+_=(~", r):
		return true
	case r == '-' || r == '<' || r == '.':
		next, _ := utf8.DecodeRuneInString(q.src[i+n:])
		return r == '-' && unicode.IsDigit(next) || r == '<' && next == '=' || r == '.' && next != '.'
	}
	return false
}

// inline reads the value that begins at i and ends in its line; what follows may not be indented more than indent.
func (q *quickReader) inline(i, indent, depth int) *Node {
	var n *Node
	switch c := q.src[i]; {
	case c == '"' || c == '\'':
		text, to, ok := q.quoted(i)
		if !ok {
			return q.fail()
		}
		n = q.node(String, text, i, to)
	case c == '[' || c == '{':
		n = q.flow(i, indent, depth+1)
	case c == '|' || c == '>':
		return q.blockText(i, indent)
	case q.plainStart(i):
		n = q.plain(i)
	default:
		return q.fail()
	}
	if q.failed || !q.ends(n.to) {
		return q.fail()
	}
	q.at = q.eol(n.to) + 1
	if off, ind := q.peek(); off >= 0 && ind > indent {
		return q.fail()
	}
	return n
}

// plain reads a scalar without quotes, to the end of its line.
func (q *quickReader) plain(i int) *Node {
	to := q.eol(i)
	line := q.src[i:to]
	if n := strings.Index(line, " #"); n >= 0 {
		line = line[:n]
	}
	line = strings.TrimRight(line, " ")
	if strings.Contains(line, ": ") || strings.HasSuffix(line, ":") || strings.Contains(line, "\t") || strings.Contains(line, "<<") || !trimmed(line) {
		return q.fail()
	}
	return q.resolve(line, i)
}

func (q *quickReader) resolve(s string, from int) *Node {
	k, text, err := plain(s)
	if err != nil {
		return q.fail()
	}
	return q.node(k, text, from, from+len(s))
}
