package yamltree

import "strings"

// flow reads what is in brackets; lines are indented more than indent.
func (q *quickReader) flow(i, indent, depth int) *Node {
	if depth > maxQuick {
		return q.fail()
	}
	out := &Node{Kind: List, from: i, cost: 16}
	end := byte(']')
	if q.src[i] == '{' {
		out.Kind, end = Map, '}'
	}
	keys := keySet{}
	i = q.gap(i+1, indent)
	for !q.failed && i < len(q.src) && q.src[i] != end {
		var pair Pair
		if out.Kind == Map {
			var ok bool
			if pair, i, ok = q.flowKey(i); !ok || !keys.add(out, pair.Key) {
				return q.fail()
			}
		}
		v := q.flowValue(i, indent, depth)
		if out.Kind == Map {
			pair.Value = v
			out.Pairs = append(out.Pairs, pair)
			out.cost += 16 + len(pair.Key)
		} else {
			out.List = append(out.List, v)
		}
		out.cost += v.cost
		i = q.gap(v.to, indent)
		if i < len(q.src) && q.src[i] == ',' {
			i = q.gap(i+1, indent)
		} else if i >= len(q.src) || q.src[i] != end {
			return q.fail()
		}
	}
	if q.failed || i >= len(q.src) {
		return q.fail()
	}
	out.to = i + 1
	out.Range = q.span(out.from, out.to)
	return out
}

func (q *quickReader) spaces(i int) int {
	for i < len(q.src) && q.src[i] == ' ' {
		i++
	}
	return i
}

// gap passes over white space in brackets, of which each line is indented more than indent.
func (q *quickReader) gap(i, indent int) int {
	for {
		i = q.spaces(i)
		if i >= len(q.src) || q.src[i] != '\n' {
			return i
		}
		next := q.spaces(i + 1)
		if next < len(q.src) && q.src[next] != '\n' && next-i-1 <= indent {
			q.failed = true
			return i
		}
		i++
	}
}

// flowKey gives a key and where its value begins.
func (q *quickReader) flowKey(i int) (p Pair, value int, ok bool) {
	to := i
	if c := q.src[i]; c == '"' || c == '\'' {
		if p.Key, to, ok = q.quoted(i); !ok {
			return p, 0, false
		}
	} else {
		for to < len(q.src) && flowLetter(q.src[to]) {
			to++
		}
		p.Key = q.src[i:to]
		if k, _, err := plain(p.Key); k != String || err != nil || !q.plainStart(i) || !trimmed(p.Key) {
			return p, 0, false
		}
	}
	if to+1 >= len(q.src) || q.src[to] != ':' || q.src[to+1] != ' ' {
		return p, 0, false
	}
	p.At = q.span(i, to)
	value = q.spaces(to + 1)
	return p, value, value < len(q.src)
}

// flowLetter says whether c is part of a scalar without quotes in brackets, and for certain.
func flowLetter(c byte) bool {
	return c >= 0x80 || c == ' ' || strings.IndexByte("\t\n,:[]{}#&*!|<>'\"%@`?\\", c) < 0
}

func (q *quickReader) flowValue(i, indent, depth int) *Node {
	if i >= len(q.src) {
		return q.fail()
	}
	switch c := q.src[i]; {
	case c == '"' || c == '\'':
		text, to, ok := q.quoted(i)
		if !ok {
			return q.fail()
		}
		return q.node(String, text, i, to)
	case c == '[' || c == '{':
		return q.flow(i, indent, depth+1)
	case q.plainStart(i):
		to := i
		for to < len(q.src) && flowLetter(q.src[to]) {
			to++
		}
		s := strings.TrimRight(q.src[i:to], " ")
		if !trimmed(s) {
			return q.fail()
		}
		return q.resolve(s, i)
	}
	return q.fail()
}
