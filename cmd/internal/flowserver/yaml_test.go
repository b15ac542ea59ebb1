package flowserver

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// What is written as YAML is read as what it was.
func TestYAML(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	words := []string{"", "a", "no", "~", "null", "1", "1.5e3", "2024-05-01", "- x", "a: b", "#", "line\nnext\n", " lead", "\"quoted\"", "it's", "\u00e9\u2028\U0001F418", "\ttab", "{", "<<", "&a", "*a", "!tag", "%", "\u0001"}
	var value func(depth int) any
	value = func(depth int) any {
		kind := r.IntN(7)
		if depth == 0 {
			kind = r.IntN(5)
		}
		switch kind {
		case 0:
			return nil
		case 1:
			return r.IntN(2) == 0
		case 2:
			return ojson.Number(strconv.Itoa(r.IntN(1000) - 500))
		case 3:
			return ojson.Number("2.5")
		case 5:
			l := make([]any, r.IntN(4))
			for i := range l {
				l[i] = value(depth - 1)
			}
			return l
		case 6:
			o := ojson.New()
			for range r.IntN(4) {
				o.Set(words[r.IntN(len(words))], value(depth-1))
			}
			return o
		}
		return words[r.IntN(len(words))]
	}
	for range 2000 {
		v := ojson.New("top", value(4))
		text := asYAML(v)
		n, ds := yamltree.Parse("f", text)
		want, _ := ojson.Marshal(v, "")
		if n == nil || ds.HasErrors() {
			t.Fatalf("%s\n%v\n%s", want, ds, text)
		}
		if got, _ := ojson.Marshal(plain(n), ""); string(got) != string(want) {
			t.Fatalf("%s\n%s\n%s", want, got, text)
		}
	}
}
