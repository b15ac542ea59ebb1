package version

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestLenient(t *testing.T) {
	for in, want := range map[string]Version{
		"1.0.0":       {Major: 1, Rev: -1},
		"1.0.0+12":    {Major: 1, Rev: 12},
		"01.02.03":    {Major: 1, Minor: 2, Patch: 3, Rev: -1},
		"1.0":         {Test: "1.0", Rev: -1},
		"simonrose":   {Test: "simonrose", Rev: -1},
		"v1.2.3":      {Test: "v1.2.3", Rev: -1},
		"1.2.3.4":     {Test: "1.2.3.4", Rev: -1},
		"1.0.0-test":  {Test: "1.0.0-test", Rev: -1},
		"1.0.0-1":     {Test: "1.0.0-1", Rev: -1},
		"foo+3":       {Test: "foo", Rev: 3},
		"":            {Rev: -1},
		"+5":          {Rev: 5},
		"1.0.0+":      {Rev: -1}, // from here on: what require cannot read and takes for 0.0.0
		"1.0.0+a":     {Rev: -1},
		"master+x":    {Rev: -1},
		"1.0.0+1+2":   {Rev: -1},
		"1.0.0+1a":    {Rev: -1},
		"1.0.0+1.0.0": {Rev: -1},
	} {
		if got := Lenient(in); got != want {
			t.Errorf("Lenient(%q) = %+v, want %+v", in, got, want)
		}
	}
}

func TestParseRefusesWhatCannotBeBuilt(t *testing.T) {
	for in, why := range map[string]string{
		"":                           "needed",
		"none":                       "no version",
		"ifexists":                   "no version",
		".1":                         "dot",
		"..":                         "dot",
		"-r":                         "minus",
		"1.0.0+":                     "no number after the plus",
		"a+b":                        "no number after the plus",
		"1+1+1":                      "more than one plus",
		"1.0.0+a":                    "no number after the plus",
		"+1":                         "revision of nothing",
		"a/b":                        "'/'",
		"a b":                        "' '",
		"a\nb":                       `'\n'`,
		"1,2":                        "','",
		"$(X)":                       "'$'",
		"1.0.é":                      "'é'",
		"4294967296.0.0":             "above",
		"1.0.0+99999999999999999999": "above",
	} {
		v, err := Parse(in)
		if err == nil {
			t.Errorf("Parse(%q) = %v", in, v)
		} else if !strings.Contains(err.Error(), why) {
			t.Errorf("Parse(%q): %v; wanted something with %q", in, err, why)
		}
	}
	for _, in := range []string{"1.2.3", "1.2.3+4", "test", "1.0", "v1.2.3", "1.2.3-1", "my_branch", "1.0.0+0", "none2"} {
		if v, err := Parse(in); err != nil || v.String() != in {
			t.Errorf("Parse(%q) = %v, %v", in, v, err)
		}
	}
}

func TestWarning(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3": "", "1.2.3+4": "", "test": "", "1.2.3-rc1": "", "1.0.0+": "",
		"1.0":      "Version 1.0 is a test version, because it is not three numbers; was 1.0.0 meant?",
		"7":        "Version 7 is a test version, because it is not three numbers; was 7.0.0 meant?",
		"1.0+2":    "Version 1.0+2 is a test version, because it is not three numbers; was 1.0.0+2 meant?",
		"v1.2.3":   "Version v1.2.3 is a test version, because it is not three numbers; was 1.2.3 meant?",
		"1.2.3.4":  "Version 1.2.3.4 is a test version, because it is not three numbers; was 1.2.3 meant?",
		"1.2.3-1":  "Version 1.2.3-1 is a test version; was revision 1 of 1.2.3 meant, 1.2.3+1?",
		"01.02.03": "Version 01.02.03 is the same as 1.2.3 to require.",
	} {
		if got := Warning(in); got != want {
			t.Errorf("Warning(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestSelect is the reference's table. strict is what require does with the order given; where ours differs, it is named.
func TestSelect(t *testing.T) {
	for _, c := range []struct {
		request   string
		installed string
		strict    string
		ours      string // "": the same
		warns     string // with our rule
	}{
		{"", "1.9.0 1.10.0 1.2.0", "1.10.0", "", ""},
		{"", "test 1.0.0", "1.0.0", "", ""},
		{"", "1.0.0 test", "1.0.0", "", ""},
		{"", "beta alpha", "beta", "alpha", "Between alpha and beta require takes"},
		{"", "alpha beta", "alpha", "", "test version alpha is taken"},
		{"", "1.0.0 1.0.0+0", "1.0.0", "1.0.0+0", "Between 1.0.0+0 and 1.0.0 require takes"},
		{"", "1.0.0+0 1.0.0", "1.0.0+0", "", "Between 1.0.0+0 and 1.0.0 require takes"},
		{"1.0.0", "1.0.0+0 1.0.0", "1.0.0+0", "", "Between"},
		{"1.0.0", "1.0.0 1.0.0+0", "1.0.0", "1.0.0+0", "Between"},
		{"1.0.0", "1.0.0 1.0.0+1", "1.0.0+1", "", ""},
		{"1.0.0", "1.0.0+1 1.0.0", "1.0.0+1", "", ""},
		{"1.0.0", "1.0.0+2 1.0.0+10 1.0.0+1", "1.0.0+10", "", ""},
		{"1.0.0+0", "1.0.0", "", "", ""},
		{"1.0.0+0", "1.0.0+0 1.0.0+1", "1.0.0+0", "", ""},
		{"1.0", "1.0.0 1.0.1", "", "", ""},
		{"1.0", "1.0.0 1.0", "1.0", "", ""},
		{"foo", "foo+0 foo+1", "foo+1", "", ""},
		// And what follows from how versions are read.
		{"", "", "", "", ""},
		{"", "foo", "foo", "", "test version foo is taken"},
		{"1.2.3", "01.02.03", "01.02.03", "", ""},
		{"", "1.0.0+ test", "1.0.0+", "", "cannot be read"},
		{"", "1.0.0+x 0.0.1", "0.0.1", "", ""},
		{"1.0.0-1", "1.0.0+1 1.0.0-1", "1.0.0-1", "", ""},
	} {
		var installed []Installed
		for _, v := range strings.Fields(c.installed) {
			installed = append(installed, Installed{Version: v})
		}
		for _, strict := range []bool{true, false} {
			want := c.strict
			if !strict && c.ours != "" {
				want = c.ours
			}
			i, warnings, err := Select(c.request, installed, strict)
			got := ""
			if err == nil {
				got = installed[i].Version
			}
			if got != want {
				t.Errorf("Select(%q, %s, strict=%v) = %q, want %q", c.request, c.installed, strict, got, want)
			}
			if text := strings.Join(warnings, " "); !strict && (!strings.Contains(text, c.warns) || (c.warns == "") != (text == "")) {
				t.Errorf("Select(%q, %s) warns %q, want %q", c.request, c.installed, text, c.warns)
			}
			if no := (*NotAvailable)(nil); want == "" && (!errors.As(err, &no) || len(no.Others) != len(installed)) {
				t.Errorf("Select(%q, %s): %v", c.request, c.installed, err)
			}
		}
	}
}

func TestSelectAlongTheSearchPath(t *testing.T) {
	for _, c := range []struct {
		request string
		in      []Installed
		want    int
	}{
		{"", []Installed{{"1.0.0", 0}, {"1.1.0", 1}}, 1}, // all pools are searched
		{"", []Installed{{"1.0.0", 0}, {"1.0.0", 1}}, 0}, // an equal one later replaces none
		{"1.0.0", []Installed{{"1.0.0", 0}, {"1.0.0", 1}}, 0},
		{"1.0.0", []Installed{{"1.0.0", 0}, {"1.0.0+1", 1}}, 1},
		{"", []Installed{{"zeta", 0}, {"alpha", 1}}, 0},  // test versions: the first pool
		{"", []Installed{{"foo+0", 0}, {"foo+1", 1}}, 1}, // then its highest revision in any pool
		{"foo", []Installed{{"foo+0", 0}, {"foo+1", 1}}, 1},
		{"", []Installed{{"zeta", 0}, {"1.0.0", 1}}, 1},
		{None, []Installed{{"1.0.0", 0}}, -1},
	} {
		for _, strict := range []bool{false, true} {
			if got, _, err := Select(c.request, c.in, strict); err != nil || got != c.want {
				t.Errorf("Select(%q, %v, %v) = %d, %v; want %d", c.request, c.in, strict, got, err, c.want)
			}
		}
	}
}

func TestLoaded(t *testing.T) {
	for _, c := range []struct {
		have, request string
		ok            bool
	}{
		{"1.0.0+1", "1.0.0", true},
		{"1.0.0", "1.0.0+0", false},
		{"1.0.0+0", "1.0.0+1", false},
		{"1.0.0+1", "1.0.0+0", false},
		{"1.0.1", "1.0.0", false},
		{"test", "1.0.0", false},
		{"1.0.0", "test", false},
		{"1.0.0", "1.0.0", true},
		{"test", "test", true},
		{"1.0.0+3", "1.0.0+3", true},
		{"1.0.0", "", true},
		{"test", "", true},
		{"foo+1", "foo", true},
		{"foo", "foo+1", false},
		{"1.0.0", None, true},
		{"master+x", "0.0.0", true}, // neither can be built
	} {
		if got := Loaded(c.have, c.request); got != c.ok {
			t.Errorf("with %s loaded a request for %q: %v, want %v", c.have, c.request, got, c.ok)
		}
	}
}

func TestNextRevision(t *testing.T) {
	for _, c := range []struct{ v, installed, want string }{
		{"1.0.0", "1.0.0", "1.0.0+1"}, // +0 could not be told from it
		{"1.0.0", "1.0.0+0", "1.0.0+1"},
		{"1.0.0", "1.0.0 1.0.0+3 1.0.0+1 1.0.1+9 1.0.0-9", "1.0.0+4"},
		{"1.0.0+1", "1.0.0 1.0.0+1 1.0.0+10", "1.0.0+11"},
		{"foo", "foo", "foo+1"},
	} {
		if got := NextRevision(c.v, strings.Fields(c.installed)); got != c.want {
			t.Errorf("NextRevision(%s, %s) = %s, want %s", c.v, c.installed, got, c.want)
		}
	}
}

// naive reads a version by the expression that the reference names.
var naive = regexp.MustCompile(`^(?:([0-9]+)\.([0-9]+)\.([0-9]+))?([^+]*)(?:\+([0-9]+))?$`)

type naiveVersion struct {
	numbers [3]string // without leading zeros
	text    string
	rev     string
}

func readNaively(s string) (v naiveVersion) {
	v.numbers = [3]string{"0", "0", "0"}
	m := naive.FindStringSubmatch(s)
	if m == nil {
		return v
	}
	if v.rev = m[5]; v.rev != "" {
		v.rev = digits(v.rev)
	}
	if m[4] != "" { // the text with the numbers before it
		v.text, _, _ = strings.Cut(s, "+")
		return v // a test version has no numbers
	}
	for i := range v.numbers {
		v.numbers[i] = digits(m[i+1])
	}
	return v
}

func digits(s string) string {
	n, _ := strconv.Atoi(s) // the largest number where it is too large
	return strconv.Itoa(n)
}

// selectNaively goes through all pairs: the best is the one that nothing beats.
func selectNaively(request string, in []Installed) int {
	beats := func(a, b Installed) bool {
		x, y := readNaively(a.Version), readNaively(b.Version)
		if (x.text == "") != (y.text == "") {
			return x.text == ""
		}
		number := func(s string) int {
			if s == "" {
				return -1
			}
			n, _ := strconv.Atoi(s)
			return n
		}
		for i := range x.numbers {
			if x.numbers[i] != y.numbers[i] {
				return number(x.numbers[i]) > number(y.numbers[i])
			}
		}
		switch {
		case x.rev != y.rev:
			return number(x.rev) > number(y.rev)
		case a.Pool != b.Pool:
			return a.Pool < b.Pool
		}
		return a.Version < b.Version
	}
	want := readNaively(request)
	fits := func(i Installed) bool {
		have := readNaively(i.Version)
		return request == "" || i.Version == request || have.text == want.text && have.numbers == want.numbers && (want.rev == "" || have.rev == want.rev)
	}
	if request == "" { // as if the test version had been named that comes first, by pool and name
		var tests []string
		numeric := false
		for _, i := range in {
			text := readNaively(i.Version).text
			numeric = numeric || text == ""
			tests = append(tests, strconv.Itoa(i.Pool)+text)
		}
		if !numeric && len(tests) > 0 {
			want.text, request = slices.Min(tests)[1:], "a test version"
			want.numbers = [3]string{"0", "0", "0"}
		}
	}
	for i, a := range in {
		if fits(a) && !slices.ContainsFunc(in, func(b Installed) bool { return fits(b) && beats(b, a) }) {
			return i
		}
	}
	return -1
}

func FuzzSelect(f *testing.F) {
	for _, s := range []string{"|1.9.0 1.10.0 1.2.0", "|test 1.0.0", "|beta alpha", "1.0.0|1.0.0 1.0.0+0", "1.0|1.0.0 1.0", "foo|foo+0 foo+1",
		"1.0.0+0|1.0.0", "|1.0.0+ 0.0.0 +1", "|1.0.0+ 0.0.0 ", "1.2.3|01.02.03 1.2.3", "|99999999999999999999.0.0 1.2.3.4+5"} {
		f.Add(s, uint64(1))
	}
	f.Fuzz(func(t *testing.T, s string, seed uint64) {
		request, list, _ := strings.Cut(s, "|")
		if request == None || len(list) > 200 {
			return
		}
		var in []Installed
		for i, v := range strings.Fields(list) {
			in = append(in, Installed{v, i % 3})
		}
		got, _, err := Select(request, in, false)
		want := selectNaively(request, in)
		if got != want && (got < 0 || want < 0 || in[got] != in[want]) {
			t.Fatalf("Select(%q, %v) = %d, %v; want %d", request, in, got, err, want)
		}
		if got < 0 {
			return
		}
		chosen := in[got]
		if !Loaded(chosen.Version, request) {
			t.Fatalf("what Select(%q, %v) gives does not satisfy the request", request, in)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		if again, _, err := Select(request, in, false); err != nil || in[again] != chosen {
			t.Fatalf("Select(%q, %v) = %v, and %v in another order", request, in, in[again], chosen)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.2.3", "1.2.3+4", "1.0.0+", "a+b", "1+1+1", "", "/", ".a", "none", "1.0", "01.2.3+07", "v1", "1.2.3-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lenient, plain := Lenient(s), readNaively(s)
		if fmt.Sprint(lenient.Test, lenient.IsTest()) != fmt.Sprint(plain.text, plain.text != "") {
			t.Fatalf("Lenient(%q) = %+v, and by the expression %+v", s, lenient, plain)
		}
		if again := Lenient(lenient.String()); again != lenient && s != "" {
			t.Fatalf("Lenient(%q) = %+v, which is written %q and read %+v", s, lenient, lenient, again)
		}
		v, err := Parse(s)
		Warning(s)
		if err != nil {
			return
		}
		if v != lenient || naive.FindStringSubmatch(s) == nil {
			t.Fatalf("Parse(%q) = %+v, and require reads %+v", s, v, lenient)
		}
		if strings.ContainsAny(s, "/ \t\n,;:\"'$()\\#") || s[0] == '.' || !Loaded(s, v.String()) {
			t.Fatalf("Parse accepts %q", s)
		}
	})
}
