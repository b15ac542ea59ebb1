package workflow

import "strings"

const (
	diffContext = 3   // lines that are the same, around those that are not
	diffShown   = 80  // lines of a difference
	diffLine    = 200 // runes of a line
	diffCells   = 4e6 // of the table; larger texts have one difference from the first line that differs to the last
)

// lineDiff gives the lines that two texts do not share, those of want after "- " and those of got after "+ ", with a few around them.
func lineDiff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	head := 0
	for head < len(w) && head < len(g) && w[head] == g[head] {
		head++
	}
	tail := 0
	for tail < len(w)-head && tail < len(g)-head && w[len(w)-1-tail] == g[len(g)-1-tail] {
		tail++
	}
	lines := make([]string, 0, len(w)+len(g))
	for _, l := range w[:head] {
		lines = append(lines, "  "+l)
	}
	lines = middle(lines, w[head:len(w)-tail], g[head:len(g)-tail])
	for _, l := range w[len(w)-tail:] {
		lines = append(lines, "  "+l)
	}
	return strings.Join(around(lines), "\n")
}

// middle appends the difference of two texts, by the longest sequence of lines that both have.
func middle(lines, w, g []string) []string {
	if float64(len(w))*float64(len(g)) > diffCells {
		for _, l := range w {
			lines = append(lines, "- "+l)
		}
		for _, l := range g {
			lines = append(lines, "+ "+l)
		}
		return lines
	}
	// same[i][j] is how many lines w[i:] and g[j:] can share.
	same := make([][]int32, len(w)+1)
	for i := range same {
		same[i] = make([]int32, len(g)+1)
	}
	for i := len(w) - 1; i >= 0; i-- {
		for j := len(g) - 1; j >= 0; j-- {
			if w[i] == g[j] {
				same[i][j] = same[i+1][j+1] + 1
			} else {
				same[i][j] = max(same[i+1][j], same[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(w) || j < len(g) {
		switch {
		case i < len(w) && j < len(g) && w[i] == g[j]:
			lines = append(lines, "  "+w[i])
			i, j = i+1, j+1
		case j == len(g) || i < len(w) && same[i+1][j] >= same[i][j+1]:
			lines = append(lines, "- "+w[i])
			i++
		default:
			lines = append(lines, "+ "+g[j])
			j++
		}
	}
	return lines
}

// around keeps the lines that differ with those beside them.
func around(lines []string) []string {
	keep := make([]bool, len(lines))
	for i, l := range lines {
		if l[0] == ' ' {
			continue
		}
		for k := max(0, i-diffContext); k <= min(len(lines)-1, i+diffContext); k++ {
			keep[k] = true
		}
	}
	var out []string
	for i, l := range lines {
		switch {
		case len(out) >= diffShown:
			return append(out, "  ... and more")
		case keep[i]:
			if r := []rune(l); len(r) > diffLine {
				l = string(r[:diffLine]) + " ..."
			}
			out = append(out, l)
		case len(out) > 0 && out[len(out)-1] != "  ...":
			out = append(out, "  ...")
		}
	}
	if n := len(out); n > 0 && out[n-1] == "  ..." {
		out = out[:n-1]
	}
	return out
}
