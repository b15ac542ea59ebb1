package yamltree

import "strings"

// quoted gives the text of a scalar in quotes that ends in its line, and where it ends.
func (q *quickReader) quoted(i int) (text string, to int, ok bool) {
	mark := q.src[i]
	var b strings.Builder // of what is before from, once there was an escape
	from := i + 1
	for j := from; j < len(q.src); j++ {
		switch c := q.src[j]; {
		case c == '\n' || c == '\t':
			return "", 0, false
		case c == '\\' && mark == '"':
			if j+1 >= len(q.src) {
				return "", 0, false
			}
			k := strings.IndexByte(`"\n`, q.src[j+1])
			if k < 0 {
				return "", 0, false
			}
			b.WriteString(q.src[from:j])
			b.WriteByte("\"\\\n"[k])
			j++
			from = j + 1
		case c == mark && mark == '\'' && j+1 < len(q.src) && q.src[j+1] == mark:
			b.WriteString(q.src[from : j+1])
			j++
			from = j + 1
		case c == mark && b.Len() == 0:
			return q.src[from:j], j + 1, true
		case c == mark:
			b.WriteString(q.src[from:j])
			return b.String(), j + 1, true
		}
	}
	return "", 0, false
}

// blockText reads the text that is below | or >, which is at i, with or without a dash.
func (q *quickReader) blockText(i, indent int) *Node {
	folded := q.src[i] == '>'
	head, strip := strings.CutPrefix(q.src[i+1:q.eol(i)], "-")
	if strings.Trim(head, " ") != "" {
		return q.fail()
	}
	var lines []string
	deep := -1
	at := q.eol(i) + 1
	for at < len(q.src) {
		to := q.eol(at)
		line := q.src[at:to]
		text := strings.TrimLeft(line, " ")
		n := len(line) - len(text)
		if text != "" && n <= indent {
			break
		}
		if deep < 0 {
			deep = n
		}
		switch {
		case to == len(q.src), strings.Contains(line, "\t"), text == "" && (n > 0 || lines == nil):
			return q.fail() // a matter of taste among readers
		case text != "" && (n < deep || folded && n > deep || text[len(text)-1] == ' '):
			return q.fail()
		case text == "":
			lines = append(lines, "")
		default:
			lines = append(lines, line[deep:])
		}
		at = to + 1
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return q.fail()
	}
	text := strings.Join(lines, "\n")
	if folded {
		text = fold(lines)
	}
	if !strip {
		text += "\n"
	}
	q.at = at
	return q.node(String, text, i, q.blockEnd(i, false))
}

// fold joins lines by spaces, and paragraphs by line feeds.
func fold(lines []string) string {
	var b strings.Builder
	for i, l := range lines {
		switch {
		case l == "":
			b.WriteByte('\n')
			continue
		case i > 0 && lines[i-1] != "":
			b.WriteByte(' ')
		}
		b.WriteString(l)
	}
	return b.String()
}
