package makefile

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func read(text string, o Options) *Maker {
	files := fstest.MapFS{"w/m.mk": {Data: []byte(text)}, "w/src/a.c": {}, "w/t/x.db": {}}
	o.Files = files
	if o.Dir == "" {
		o.Dir = "w"
	}
	m := New(o)
	m.Read("w/m.mk")
	return m
}

func TestWhatIsNotUnderstoodIsNoted(t *testing.T) {
	for _, c := range []struct{ text, line, reason string }{
		{"\n\nX = $(shell date)\nY := $(X)", "w/m.mk:4: $(shell date)", "nothing is run"},
		{"X != date", "w/m.mk:1: X != date", "no command is run"},
		{"\ninclude more.mk", "w/m.mk:2: include more.mk", "not in the wrapper"},
		{"X = $(X)\nY := $(X)", "w/m.mk:2: $(X)", "refers to itself"},
		{"X := $(subst a,b)", "w/m.mk:1: $(subst a,b)", "too few arguments"},
		{"X := $(A", "w/m.mk:1: $(A", "no end"},
		{"ifeq (a,b)\nX = 1", "w/m.mk:1: ifeq (a,b)", "no endif"},
		{"ifeq a b\nendif", "w/m.mk:1: ifeq a b", "another form"},
		{"else", "w/m.mk:1: else", "no conditional that it belongs to"},
		{"endif", "w/m.mk:1: endif", "no conditional that it ends"},
		{"ifdef A\nelse\nelse\nendif", "w/m.mk:3: else", "an else already"},
		{"define X\na", "w/m.mk:1: define X", "no endef"},
		{"endef", "w/m.mk:1: endef", "no define"},
		{"vpath %.c src", "w/m.mk:1: vpath %.c src", "directories that make searches"},
		{"a.o: CFLAGS = -g", "w/m.mk:1: a.o: CFLAGS = -g", "for some targets only"},
		{"hello there", "w/m.mk:1: hello there", "neither an assignment nor a rule"},
		{"X := $(error wrong $(Y))", "w/m.mk:1: wrong", "make says this here"},
		{"X := $(wildcard /usr/include/*.h)", "w/m.mk:1: $(wildcard /usr/include/*.h)", "outside of the wrapper"},
		{"include ../../other.mk", "w/m.mk:1: include ../../other.mk", "not in the wrapper"},
		{"X := $(wildcard ../../*.h)", "w/m.mk:1: $(wildcard ../../*.h)", "outside of the wrapper"},
		{"X := $(wildcard $(EPICS_BASE)/db/*)", "w/m.mk:1: $(wildcard $(EPICS_BASE)/db/*)", "installed e3"},
		{"ifeq ($(EPICS_BASE),/x)\nendif", "w/m.mk:1: ifeq ($(EPICS_BASE),/x)", "installed e3"},
		{"X := $(word a,b)", "w/m.mk:1: a", "number"},
	} {
		m := read(c.text, Options{Outside: []string{"EPICS_BASE"}})
		if n := m.Notes(); len(n) != 1 || fmt.Sprintf("%s:%d: %s", n[0].At.File, n[0].At.Line, n[0].Text) != c.line || !strings.Contains(n[0].Reason, c.reason) {
			t.Errorf("%q gives %v, wanted one note %s: %s", c.text, n, c.line, c.reason)
		}
	}
}

func TestWordsHavePlaces(t *testing.T) {
	m := read("S = src\nX = $(S)/a.c\n\nX += b.c \\\n  c.c\nS = late\nX += $(wildcard src/*.c)", Options{})
	var got []string
	for _, w := range m.Words("X") {
		got = append(got, fmt.Sprintf("%d:%s", w.At.Line, w.Text))
	}
	if s := strings.Join(got, " "); s != "2:late/a.c 4:b.c 4:c.c 7:src/a.c" {
		t.Error(s)
	}
}

func TestRules(t *testing.T) {
	m := read("D = a b\nall: $(D:%=%.o) | dir ; echo $@\n\techo two \\\n\t  three\n\n# a comment\n\techo four\nX = 1\n\t$(info no recipe)\n"+
		"a.o b.o: %.o: %.c\n\tcc $<\n%.h %_x.c: %.rpcl\n\trpcgen $*\n.dbd.h:\n\tgen $<\nx:: y\n$(NONE): z\n\techo never\n", Options{})
	var got []string
	for _, r := range m.Rules() {
		var lines []string
		for _, l := range r.Recipe {
			lines = append(lines, fmt.Sprintf("%d:%s", l.At.Line, l.Text))
		}
		got = append(got, fmt.Sprintf("%d %q %q %q %q", r.At.Line, r.Targets, r.Pattern, r.Needs, lines))
	}
	want := []string{
		`2 ["all"] "" ["a.o" "b.o" "dir"] ["2:echo $@" "3:echo two \\\n\t  three" "7:echo four"]`,
		`10 ["a.o" "b.o"] "%.o" ["%.c"] ["11:cc $<"]`,
		`12 ["%.h" "%_x.c"] "" ["%.rpcl"] ["13:rpcgen $*"]`,
		`14 [".dbd.h"] "" [] ["15:gen $<"]`,
		`16 ["x"] "" ["y"] []`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwanted\n%s\nnotes %v", g, w, m.Notes())
	}
}

func TestOutsideStaysWritten(t *testing.T) {
	m := read("X = -I$(EPICS_BASE)/db $(patsubst %,-I%,$(EPICS_BASE)/include)\nifdef EPICS_BASE\nY = set\nendif", Options{Outside: []string{"EPICS_BASE"}})
	if x := m.Value("X"); x != "-I$(EPICS_BASE)/db -I$(EPICS_BASE)/include" {
		t.Error(x)
	}
	if m.Value("Y") != "set" {
		t.Error("ifdef of what is outside does not hold")
	}
}

func TestAFileAboveIsIncluded(t *testing.T) {
	m := read("TOP = "+Root+"\n-include $(TOP)/../RELEASE.local\n-include $(TOP)/../../RELEASE.local\n", Options{Above: map[string][]byte{"../RELEASE.local": []byte("A = 1\n"), "../../RELEASE.local": []byte("A += 2\n")}})
	if w := m.Words("A"); len(w) != 2 || w[1].Text != "2" || w[1].At != (Place{"../../RELEASE.local", 1}) {
		t.Error(w)
	}
}

func TestUnseenFoldersKeepTheirPatterns(t *testing.T) {
	m := read("X = $(wildcard app/src/*.c) $(wildcard app/a.c)\nY = $(wildcard t/*.db) $(wildcard ../w/app/*.h)\nZ = $(patsubst %.c,%.o,$(wildcard app/*.c))",
		Options{Unseen: func(d string) bool { return d == "w/app" || strings.HasPrefix(d, "w/app/") }})
	for n, want := range map[string]string{"X": "app/src/*.c app/a.c", "Y": "t/x.db ../w/app/*.h", "Z": "app/*.o"} {
		if got := m.Value(n); got != want {
			t.Errorf("%s is %q, wanted %q", n, got, want)
		}
	}
}

// bombs are texts that a careless reader never gets through.
func bombs() []string {
	grow := "A0 = xxxxxxxxxxxxxxxx\n"
	for i := range 60 {
		grow += fmt.Sprintf("A%d = $(A%d)$(A%d)\n", i+1, i, i)
	}
	return []string{
		grow + "X := $(A60)",
		grow + "X := $(foreach a,$(A40),$(A40))",
		strings.Repeat("$(if a,", 5000) + "x" + strings.Repeat(")", 5000) + "= 1",
		"X := " + strings.Repeat("$(", 100000),
		"include m.mk\ninclude m.mk",
		strings.Repeat("include m.mk\n", 10),
		"X := a b c d e f g h\n" + strings.Repeat("X := $(foreach v,$(X),$(X))\n", 8) + "X := $(addprefix $(subst $(SPACE),,$(X)),$(X))",
		strings.Repeat("X := $(subst a,"+strings.Repeat("b", 1000)+","+strings.Repeat("a", 10000)+")\n", 80),
		"f = $(call f,$1)\nX := $(call f,x)",
		"define f\n$(eval $(value f))$(eval $(value f))\nendef\n$(eval $(value f))",
		"D = $(foreach a,1 2 3 4 5 6 7 8 9 0,$(1)$(1))\nd = $(foreach a,1 2 3 4 5 6 7 8 9,$(foreach b,1 2 3 4 5 6 7 8 9,$(foreach c,1 2 3 4 5 6 7 8 9,$(foreach d,1 2 3 4 5 6 7 8 9,$(foreach e,1 2 3 4 5 6 7 8 9,$(foreach f,1 2 3 4 5 6 7 8 9,$(foreach g,1 2 3 4 5 6 7 8 9,x)))))))\nX := $(d)",
		strings.Repeat("X += $(X)\n", 3000),
		strings.Repeat("ifdef A\n", 20000),
		"A := " + strings.Repeat("a ", 200000) + "\nB := $(filter-out $(A:a=b%),$(A))",
		strings.Repeat("X += a\n", 140000),
		"X := " + strings.Repeat("$(", 400000) + "#",
		"X := a\n" + strings.Repeat("X := $(X) $(X)\n", 100),
	}
}

func TestBombsEnd(t *testing.T) {
	for i, text := range bombs() {
		done := make(chan bool)
		go func() {
			m := read(text, Options{})
			for _, n := range m.Names() {
				m.Words(n)
			}
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("text %d does not end", i)
		}
	}
}

// What is cut off is said.
func TestTooLong(t *testing.T) {
	long, many := strings.Repeat("p", 4000), strings.Repeat("w ", 2000)
	for _, text := range []string{"X := $(addprefix " + long + "," + many + ")", "X := $(addsuffix " + long + "," + many + ")", "X := $(subst w," + long + "," + many + ")",
		"X := $(patsubst %," + long + "%," + many + ")", "W = " + many + "\nX := $(W:%=" + long + "%)", "X := $(foreach w," + many + "," + long + ")"} {
		m := read(text, Options{})
		if n := m.Notes(); len(n) != 1 || n[0].Reason != "the value is too long" {
			t.Errorf("%.30s: %v", text, n)
		}
		if got := m.Value("X"); len(got) > maxValue {
			t.Errorf("%.30s: %d bytes", text, len(got))
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range constructs {
		f.Add(c.text)
	}
	f.Add("all: a b | c; echo\n\tx\n%.o: %.c\n.dbd.h:\n\tgen")
	f.Fuzz(func(t *testing.T, text string) {
		m := read(text, Options{Outside: []string{"A"}})
		for _, n := range m.Names() {
			m.Value(n)
			m.Words(n)
		}
		for _, n := range m.Notes() {
			if n.Reason == "" || n.At.Line < 0 {
				t.Errorf("a note without a reason or a place: %+v", n)
			}
		}
	})
}
