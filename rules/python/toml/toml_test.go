package toml

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

type m = map[string]any
type l = []any

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want m
	}{
		{"", m{}},
		{"\ufeffa = 1 # c\r\n\r\nb = 'x\\y'\n", m{"a": int64(1), "b": `x\y`}},
		{`a.b."c d" = true` + "\na.e=false", m{"a": m{"b": m{"c d": true}, "e": false}}},
		{"[x]\na=1\n[x.y]\nb=2\n[[z]]\n[[z]]\nc=3\n[z.d]\ne=4", m{"x": m{"a": int64(1), "y": m{"b": int64(2)}}, "z": l{m{}, m{"c": int64(3), "d": m{"e": int64(4)}}}}},
		{"[x.y]\n[x]\na=1", m{"x": m{"y": m{}, "a": int64(1)}}},
		{"a = [1, [2,],\n # c\n {b=1, c.d='x'}]\n", m{"a": l{int64(1), l{int64(2)}, m{"b": int64(1), "c": m{"d": "x"}}}}},
		{`a = "\u00e9\n\"\\\t\U0001F600"`, m{"a": "é\n\"\\\t😀"}},
		{"a = \"\"\"\nx \\\n   y\"\"\"\"\"\nb = '''\n'x' \\n'''''", m{"a": `x y""`, "b": `'x' \n''`}},
		{"a = 0xff\nb = -1_000\nc = +0\nd = 0o17\ne = 0b11", m{"a": int64(255), "b": int64(-1000), "c": int64(0), "d": int64(15), "e": int64(3)}},
		{"a = 1.5\nb = -2e3\nc = 6.6_6e-1", m{"a": 1.5, "b": -2000.0, "c": 0.666}},
		{"a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00\nc = 07:32:00\nd = 1979-05-27", m{"a": "1979-05-27T07:32:00Z", "b": "1979-05-27 07:32:00", "c": "07:32:00", "d": "1979-05-27"}},
		{"wheels = [{name='a', hashes={sha256='00'}}]", m{"wheels": l{m{"name": "a", "hashes": m{"sha256": "00"}}}}},
	} {
		got, err := Parse(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v %v, want %v", c.in, got, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		in, text string
		line     int
	}{
		{"a = 1\na = 2", "twice", 2},
		{"[a]\n\n[a]", "twice", 3},
		{"a = {b = 1}\n[a.c]", "complete", 2},
		{"a = [1]\n[[a]]", "no array of tables", 2},
		{"a = 1\n[a.b]", "a value", 2},
		{"a", "followed by =", 1},
		{"a = ", "missing", 1},
		{"a = 01", "no value", 1},
		{"a = 1__0", "no value", 1},
		{"a = 1.", "no value", 1},
		{"a = \"x\ny\"", "new line", 1},
		{"a = \"x", "not closed", 1},
		{"a = '''x", "not closed", 1},
		{`a = "\x"`, "no \\x", 1},
		{`a = "\ud800"`, "no character", 1},
		{"a = 1 b = 2", "line should end", 1},
		{"a = [1 2]", "commas", 1},
		{"= 1", "key is missing", 1},
		{"a = \xff", "UTF-8", 1},
		{"a = 99999999999999999999", "no value", 1},
		{"a = " + strings.Repeat("[", 200), "too deep", 1},
	} {
		_, err := Parse(c.in)
		var e *Error
		if !errors.As(err, &e) || e.Line != c.line || !strings.Contains(e.Text, c.text) {
			t.Errorf("%q: %v, want line %d: %s", c.in, err, c.line, c.text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a = 1", "[a]\nb=[{c='d'}]", "[[a.b]]\n'c'.d = \"\"\"x\\\n y\"\"\"", "a=1979-05-27 07:32:00", "a = \"\\u00e9\"", "a=-inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := Parse(s)
		if (doc == nil) == (err == nil) {
			t.Fatal("neither a document nor an error")
		}
	})
}
