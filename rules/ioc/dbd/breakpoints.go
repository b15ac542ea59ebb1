package dbd

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
)

// bptHeader is the first line of a file of raw values: where the table starts and ends, what error it may have, in engineering units,
// and what the values are: those from first to last, delta apart.
type bptHeader struct {
	name                                  string
	lowEng, lowRaw, highEng, highRaw, err float64
	first, last, delta                    float64
}

// Breakpoints makes a breakpoint table of a bpt<name>.data file: raw values at equally spaced engineering values, as "Breakpoint Tables"
// in EPICS' documentation has them. It gives what a dbd file with that table would be, for Expand. Segments are as long as the error
// allows.
func Breakpoints(name string, data []byte) (*File, diag.List) {
	r := bptReader{lex: lexer{name: name, data: string(data), pos: diag.Pos{Line: 1, Column: 1}}}
	h, at := r.header()
	values := r.values()
	if r.problem == nil {
		r.check(h, values, at)
	}
	if r.problem != nil {
		return &File{Name: name}, diag.List{*r.problem}
	}
	it := Item{Word: "breaktable", Args: []Arg{{Text: h.name, Range: at}}, Range: at}
	for _, p := range segments(h, values) {
		point := Item{Word: "point", Range: at}
		for _, v := range p {
			point.Args = append(point.Args, Arg{Text: strconv.FormatFloat(v, 'f', 6, 64), Range: at})
		}
		it.Body = append(it.Body, point)
	}
	return &File{Name: name, Items: []Item{it}}, nil
}

// segments gives the points of the table: raw and engineering values.
func segments(h bptHeader, values []float64) [][2]float64 {
	// Values of the file are in units of their own, volts say: two places of the table say what they are in raw values.
	low, high := h.at(values, h.lowEng), h.at(values, h.highEng)
	raw := func(i int) float64 { return h.lowRaw + (values[i]-low)*(h.highRaw-h.lowRaw)/(high-low) }
	eng := func(i int) float64 { return h.first + float64(i)*h.delta }
	// What lies above the highest value asked for ends the table.
	top := h.highEng + h.delta*1e-6
	points := [][2]float64{{h.lowRaw, h.lowEng}}
	begin := int(math.Ceil((h.lowEng-h.first)/h.delta - 1e-6))
	end := len(values) - 1
	for begin < end && eng(begin) <= top {
		from := points[len(points)-1]
		last := begin + 1
		for next := begin + 2; next <= end && eng(next-1) <= top; next++ {
			slope := (eng(next) - from[1]) / (raw(next) - from[0])
			fits := true
			for k := begin; k < next && fits; k++ {
				fits = math.Abs(from[1]+slope*(raw(k)-from[0])-eng(k)) <= h.err
			}
			if !fits {
				break
			}
			last = next
		}
		points = append(points, [2]float64{raw(last), eng(last)})
		begin = last
	}
	return points
}

// at gives the value at an engineering value, between two of the file's if need be.
func (h bptHeader) at(values []float64, eng float64) float64 {
	x := (eng - h.first) / h.delta
	i := min(max(int(math.Floor(x)), 0), len(values)-2)
	return values[i] + (x-float64(i))*(values[i+1]-values[i])
}

type bptReader struct {
	lex     lexer
	problem *diag.Diag
}

func (r *bptReader) fail(at diag.Range, summary, detail string) {
	if r.problem == nil {
		r.problem = &diag.Diag{Code: "bpt-syntax", Summary: summary, Detail: detail, Range: at}
	}
}

// next gives the next word; lines that start with ! are comments.
func (r *bptReader) next() token {
	for r.problem == nil {
		rest := r.lex.data[r.lex.pos.Byte:]
		skip := len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
		if r.lex.step(skip); strings.HasPrefix(rest[skip:], "!") {
			r.lex.step(r.lex.lineLen())
			continue
		}
		t, p := r.lex.next()
		r.problem = p
		return t
	}
	return token{}
}

func (r *bptReader) number(what string) float64 {
	t := r.next()
	v, err := strconv.ParseFloat(t.text, 64)
	if r.problem == nil && (t.kind != bare || err != nil || math.IsNaN(v) || math.IsInf(v, 0)) {
		r.fail(t.at, "Unexpected "+t.String(), "Here stands a number: "+what+".")
	}
	return v
}

func (r *bptReader) header() (h bptHeader, at diag.Range) {
	t := r.next()
	if r.problem == nil && (t.kind != quoted && t.kind != bare || !isName(t.text)) {
		r.fail(t.at, "Unexpected "+t.String(), "The first line starts with the table's name.")
	}
	h.name = t.text
	for _, f := range []struct {
		to   *float64
		what string
	}{{&h.lowEng, "the lowest engineering value"}, {&h.lowRaw, "its raw value"}, {&h.highEng, "the highest engineering value"}, {&h.highRaw, "its raw value"},
		{&h.err, "the error that is allowed"}, {&h.first, "the engineering value of the first entry"}, {&h.last, "the engineering value of the last entry"},
		{&h.delta, "the step from entry to entry"}} {
		*f.to = r.number(f.what)
	}
	return h, t.at
}

// mostValues bounds a table.
const mostValues = 100000

func (r *bptReader) values() []float64 {
	var out []float64
	for r.problem == nil {
		t := r.next()
		if r.problem != nil || t.kind == end {
			return out
		}
		if t.kind == punct && t.text == "," {
			continue
		}
		v, err := strconv.ParseFloat(t.text, 64)
		if t.kind != bare || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			r.fail(t.at, "Unexpected "+t.String(), "After the first line stand raw values alone.")
			return nil
		}
		if out = append(out, v); len(out) > mostValues {
			r.fail(t.at, "Too many values", fmt.Sprintf("A table has at most %d.", mostValues))
		}
	}
	return out
}

// check says what makes no table.
func (r *bptReader) check(h bptHeader, values []float64, at diag.Range) {
	n := math.Round((h.last-h.first)/h.delta) + 1
	switch {
	case h.delta <= 0 || h.last <= h.first:
		r.fail(at, "The entries go nowhere", "The last engineering value is above the first, and the step is above 0.")
	case n > mostValues:
		r.fail(at, fmt.Sprintf("There are %d values, and the first line speaks of more than %d", len(values), mostValues), "")
	case float64(len(values)) != n:
		r.fail(at, fmt.Sprintf("There are %d values, and the first line speaks of %.0f", len(values), n), "")
	case len(values) < 2 || h.lowEng < h.first || h.highEng > h.last || h.lowEng >= h.highEng:
		r.fail(at, "The table does not lie within its entries", "")
	case h.err <= 0 || h.highRaw <= h.lowRaw:
		r.fail(at, "The error and the range of raw values have to be above 0", "")
	}
	for i := 1; r.problem == nil && i < len(values); i++ {
		if values[i] <= values[i-1] {
			r.fail(at, "The values do not rise", fmt.Sprintf("Entry %d is not above the one before it.", i+1))
		}
	}
}
