package makefile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// constructs are texts that set X; make says what it then is.
var constructs = []struct{ name, text string }{
	{"flavours", "A = one\nX = $(A)\nA = two"},
	{"simple", "A = one\nX := $(A)\nA = two"},
	{"append to recursive", "X = $(A)\nX += b\nX += $(A)\nA = late"},
	{"append to simple", "A = early\nX := a\nX += $(A)\nA = late"},
	{"append to nothing", "X += $(A)\nA = late"},
	{"append nothing", "X += a\nX +=\nX += b"},
	{"append to empty", "X =\nX += a"},
	{"conditional assignment", "X ?= a\nX ?= b"},
	{"conditional assignment over empty", "X =\nX ?= b"},
	{"double colon", "A = 1\nX ::= $(A)\nA = 2"},
	{"computed names", "N = X\n$(N) = a\n$(N)_Y = b\nX += $($(N)_Y)"},
	{"braces", "A_B = 1\nX = ${A_B}$A_B${A_B}"},
	{"dollar", "X = a$$b$$(c)"},
	{"no blanks around", "X=a b"},
	{"tabs around", "X\t+=\ta\t b  "},
	{"comments", "X = a # b\nX += c\\#d"},
	{"comment goes on", "X = a # b \\\n c\nX += d"},
	{"hash in a function", "X = $(subst #,-,a#b)"},
	{"continuation", "X = a \\\n   b\\\n\tc \\\n"},
	{"continuation at the end", "X = a \\"},
	{"define", "A = 1\ndefine X\none $(A)\n two # no comment\nendef\nA = 2"},
	{"define simple", "A = 1\ndefine X :=\none $(A)\nendef\nA = 2"},
	{"nested define", "define X\ndefine Y\nendef\nb\nendef"},
	{"undefine", "X = a\nundefine X\nX ?= b"},
	{"export", "export X = a\nexport X\nunexport X"},
	{"override", "override X := a\noverride X += b"},
	{"variable named export", "export = a\nX = $(export)"},
	{"substitution reference", "S = a.c b.cc c.c\nX = $(S:.c=.o) $(S:%.c=d/%.o) $(S:a.c=z)"},
	{"substitution of a computed name", "S = a b\nN = S\nX = $($(N):%=d/%.c)"},
	{"substitution from references", "S = d/a.c\nD = d\nX = $(S:$(D)/%=%)"},
	{"subst", "X = $(subst ee,EE,feet on the street) $(subst .c,.dbd,   a.c b.c)"},
	{"subst of nothing", "X = $(subst ,x,ab)"},
	{"patsubst", "X = $(patsubst %.c,%.o,a.c  b.cc c.c) $(patsubst a,b,a aa a) $(patsubst %,-%-,a b)"},
	{"patsubst without a percent on the right", "X = $(patsubst %.c,x,a.c b.d)"},
	{"strip", "X = [$(strip   a   b\t c )]"},
	{"findstring", "X = [$(findstring a,bab)][$(findstring z,bab)]"},
	{"filter", "X = $(filter %.c a%,a.c b.d ab x.c) | $(filter-out %.c a%,a.c b.d ab x.c)"},
	{"sort", "X = $(sort c b a b a/b a.c)"},
	{"words", "X = $(words a b c) $(word 2,a b c) $(wordlist 2,9,a b c) $(firstword a b) $(lastword a b) [$(word 9,a)]"},
	{"dir and notdir", "X = [$(dir a/b c /d e/ a/b/c.x)] [$(notdir a/b c e/ a/b/c.x)]"},
	{"basename and suffix", "X = [$(basename a.b/c d.e.f .g a/h.c)] [$(suffix a.b/c d.e.f a/h.c)]"},
	{"addprefix and addsuffix", "X = $(addprefix d/,a b) $(addsuffix .c,a b) [$(addprefix x,)]"},
	{"join", "X = $(join a b,1 2 3) $(join a b c,.c)"},
	{"if", "X = $(if ,t,f)$(if  ,t,f)$(if a,t,f)$(if $(A),t)$(if a,$(A)b,f)"},
	{"or and and", "X = $(or ,b,c)$(and a,b)$(and a,,b)$(or ,)"},
	{"foreach", "D = a b\nX = $(foreach v,$(D),$(v).c $(v).h)[$(v)]"},
	{"foreach over patterns", "D = s1 s2\nX = $(foreach d,$(D),$(wildcard $(d)/*.c))"},
	{"foreach keeps the variable", "v = old\nX = $(foreach v,a b,$(v))$(v)"},
	{"call", "rev = $2 $1$3\nX = $(call rev,a,b) [$(call nothing,a)] $(call subst,a,b,aXa)"},
	{"nested call", "w = <$1>\nv = $(call w,$1)$1\nX = $(call v,q)$1"},
	{"value", "A = $(B)x\nX = $(words $(value A))"},
	{"origin and flavor", "A = a\nB := b\nX = $(origin A) $(origin C) $(flavor A) $(flavor B) $(flavor C)"},
	{"eval", "$(eval X = a$(A))\nA = b"},
	{"eval of a define", "define set\n$(1) += $(2)\nendef\n$(eval $(call set,X,a))\n$(eval $(call set,X,b))"},
	{"abspath", "X = $(abspath a/../b s1//x/./y ../q /x//y/../z)"},
	{"wildcard", "X = $(wildcard *.x s1/*.c s?/a.c s[12]/b.c no/*.c s1 none)"},
	{"wildcard in a parent", "X = $(wildcard s1/../*.x)"},
	{"wildcard and hidden files", "X = $(wildcard s1/*) $(wildcard s1/.h*)"},
	{"commas and brackets", "X = $(subst ;,(a,b),x;y) $(patsubst %,{%},a b)"},
	{"blank after the name of a function", "X = $(addprefix   d/,  a   b )"},
	{"tab after the name of a function", "X = $(addprefix\td/,a)"},
	{"ifeq", "A = 1\nifeq ($(A),1)\nX += a\nelse\nX += b\nendif"},
	{"ifeq with blanks", "A = YES\nifeq ($(A) , YES )\nX += a\nelse\nX += b\nendif\nifeq ( $(A),YES)\nX += c\nelse\nX += d\nendif"},
	{"ifeq of nothing", "ifneq ($(strip $(A)),)\nX = set\nelse\nX = unset\nendif"},
	{"ifeq with quotes", "ifeq \"a\" 'a'\nX += a\nendif\nifneq 'a' \"b\"\nX += b\nendif"},
	{"ifeq of functions", "ifeq ($(filter a b,a),$(word 1,a b))\nX = yes\nelse\nX = no\nendif"},
	{"else ifeq", "A = 2\nifeq ($(A),1)\nX = one\nelse ifeq ($(A),2)\nX = two\nelse ifeq ($(A),2)\nX = again\nelse\nX = none\nendif"},
	{"nested", "ifdef A\nifdef B\nX += 1\nelse\nX += 2\nendif\nelse\nifndef B\nX += 3\nendif\nX += 4\nendif"},
	{"ifdef of empty", "A =\nB = $(A)\nifdef A\nX += a\nendif\nifdef B\nX += b\nendif"},
	{"skipped define", "ifdef A\ndefine X\nifdef B\nendef\nendif\nX = ok"},
	{"conditional indented", "ifeq (a,a)\n  X += a\n  ifeq (a,b)\n  X += b\n  endif\nendif"},
	{"conditional around a comment", "ifeq (a,a) # yes\nX = a\nelse # no\nX = b\nendif # done"},
	{"include", "include more.x\nX += after"},
	{"include of nothing", "-include none.x\nX = a"},
	{"include of a pattern", "include mor*.x\nX += $(MORE)"},
	{"where am I", "X := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\ninclude more.x"},
	{"where is an include", "include s1/here.x"},
	{"rules do not end conditionals", "ifeq (a,a)\nt:\n\techo\nX = a\nendif"},
	{"tab before a rule", "\tX = a"},
	{"rule then variable", "t: X2 = 1\nt: a b\nX = after"},
	{"recursive through functions", "A = a b\nB = $(A:%=%.c)\nX = $(addprefix d/,$(B))\nA += c"},
	{"value with equals", "X = -DA=1 -DB=$(A)"},
	{"colon in a value", "X = a:b c::d"},
	{"value that starts with a colon", "X = :=x"},
	{"backslashes", "X = a\\b \\\\ c"},
	{"plus in a name", "C++ = g++\nX = $(C++)"},
}

var constructFiles = map[string]string{
	"a.x": "", "b.x": "", "s1/a.c": "", "s1/b.c": "", "s2/a.c": "", "s1/.hidden": "", "more.x": "X += more\nMORE = 1\n",
	"s1/here.x": "X := $(lastword $(MAKEFILE_LIST)) $(notdir $(CURDIR))\n",
}

// TestLikeMake: what a variable is, says make itself.
func TestLikeMake(t *testing.T) {
	make, err := debiantest.Find("make", "make")
	if err != nil {
		t.Skip(err)
	}
	for _, c := range constructs {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			dir := t.TempDir()
			if dir, err = filepath.EvalSymlinks(dir); err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{}
			for n, b := range constructFiles {
				files["w/"+n] = &fstest.MapFile{Data: []byte(b)}
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, "w", n)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "w", n), []byte(b), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			files["w/test.mk"] = &fstest.MapFile{Data: []byte(c.text)}
			if err := os.WriteFile(filepath.Join(dir, "w/test.mk"), []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			// The last file asks; the text's own end must not count.
			ask := "\n$(info <<$(X)>>)\n.PHONY: last\nlast: ;@:\n.DEFAULT_GOAL := last\n"
			if err := os.WriteFile(filepath.Join(dir, "w/ask.mk"), []byte(ask), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(make.Path, "--no-print-directory", "-rR", "-f", "test.mk", "-f", "ask.mk", "last")
			cmd.Dir, cmd.Env = filepath.Join(dir, "w"), []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
			cmd.Env = append(cmd.Env, make.Env()...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("make: %v: %s", err, out)
			}
			_, want, _ := strings.Cut(string(out), "<<")
			want, _, _ = strings.Cut(want, ">>")
			want = strings.ReplaceAll(want, dir, Root)

			m := New(Options{Files: files, Dir: "w"})
			if !m.Read("w/test.mk") {
				t.Fatal("the file is not there")
			}
			if got := m.Value("X"); strings.ReplaceAll(got, Root+"/w/s1/here.x", "s1/here.x") != want {
				t.Errorf("%s\ngives %q, and make's is %q (notes %v)", c.text, got, want, m.Notes())
			}
		})
	}
}
