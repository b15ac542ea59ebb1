package startup

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
)

// world looks scripts up in a map; a path with an unknown place is not among them and starts with "?".
func world(files map[string]string) func(Kind, string) (string, []byte, Found) {
	return func(_ Kind, path string) (string, []byte, Found) {
		if strings.HasPrefix(path, "?") {
			return "", nil, Unknown
		}
		text, ok := files[path]
		if !ok {
			return "", nil, Missing
		}
		return path, []byte(text), There
	}
}

func show(s *Script, ds diag.List) string {
	var b strings.Builder
	for _, q := range s.Requires {
		fmt.Fprintf(&b, "%s require %s,%s\n", q.Range, q.Module, q.Version)
	}
	if s.Init {
		b.WriteString("init\n")
	}
	for _, d := range ds {
		what := "error"
		if d.Warning {
			what = "warning"
		}
		fmt.Fprintf(&b, "%s:%d %s %s\n", d.Range, d.Range.Start.Column, what, d.Code)
	}
	return b.String()
}

func TestRead(t *testing.T) {
	env := map[string]string{"E3_CMD_TOP": "/top", "VER": "4.42.0", "BOTH": "asyn,1.0.0", "EMPTY": ""}
	files := map[string]string{
		"/top/inc.cmd":   "require inner,$(V=9.9.9)\n",
		"/top/short.cmd": "# short\nrequire short",
		"/top/loop.cmd":  "iocshLoad /top/loop.cmd\n",
		"/top/init.cmd":  "iocInit\n",
		"/top/set.cmd":   "epicsEnvSet(\"LATER\",\"2.0.0\")\n",
		"a.db":           "",
	}
	var many strings.Builder
	for i := range mostProblems {
		fmt.Fprintf(&many, "st.cmd:%d:1 warning bad-require\n", i+1)
	}
	tests := []struct{ name, in, want string }{
		{"comma", "require asyn,4.42.0\n", "st.cmd:1 require asyn,4.42.0\n"},
		{"space", "  require asyn 4.42.0 \n", "st.cmd:1 require asyn,4.42.0\n"},
		{"call", "require(\"asyn\", \"4.42.0\")\n", "st.cmd:1 require asyn,4.42.0\n"},
		{"single quotes", "require 'asyn','4.42.0+1'\n", "st.cmd:1 require asyn,4.42.0+1\n"},
		{"any version", "require asyn\n", "st.cmd:1 require asyn,\n"},
		{"any version, in quotes", "require(asyn, \"\")\n", "st.cmd:1 require asyn,\n"},
		{"carriage return", "require asyn,1.0.0\r\n", "st.cmd:1 require asyn,1.0.0\n"},
		{"none", "require asyn,none\n", ""},
		{"macro", "require asyn,$(VER)\nrequire asyn,${VER}\n", "st.cmd:1 require asyn,4.42.0\nst.cmd:2 require asyn,4.42.0\n"},
		{"default", "require asyn,$(X=1.0.0)\nrequire asyn,$(X=$(VER))\nrequire b,$(VER=0)\n", "st.cmd:1 require asyn,1.0.0\nst.cmd:2 require asyn,4.42.0\nst.cmd:3 require b,4.42.0\n"},
		{"macro of two words", "require $(BOTH)\n", "st.cmd:1 require asyn,1.0.0\n"},
		{"empty macro", "require asyn,$(EMPTY)\n", "st.cmd:1 require asyn,\n"},
		{"macros that are never closed", "epicsEnvSet A \"" + strings.Repeat("$(", 300_000) + "\"\nrequire asyn,1.0.0\n", "st.cmd:2 require asyn,1.0.0\n"}, // within a moment
		{"a command that is a macro", "epicsEnvSet R require\n$(R) asyn,1.0.0\n$(NOBODY) b\n$(BOTH)\n", "st.cmd:2 require asyn,1.0.0\n"},
		{"too long", strings.Repeat("#\n", most) + "require asyn\n", fmt.Sprintf("st.cmd:%d:1 error too-many-lines\n", most+1)},
		{"many problems", strings.Repeat("require\n", 2*mostProblems), many.String()},
		{"unknown macro", "require asyn,$(NOBODY)\n", "st.cmd:1:1 warning unknown-macro\n"},
		{"no macro in single quotes", "require asyn,'$(VER)'\n", "st.cmd:1 require asyn,$(VER)\n"},
		{"set here", "epicsEnvSet V 1.2.3\nrequire asyn,$(V)\n", "st.cmd:2 require asyn,1.2.3\n"},
		{"set here from what is not known", "epicsEnvSet VER $(NOBODY)\nrequire asyn,$(VER)\n", "st.cmd:2:1 warning unknown-macro\n"},
		{"set in another script", "iocshLoad(\"/top/set.cmd\")\nrequire asyn,$(LATER)\n", "st.cmd:2 require asyn,2.0.0\n"},
		{"commented", "#require asyn\n  # require b\n#- require c\n", ""},
		{"other words", "requires asyn\nrequireX y\necho require z\n", ""},
		{"nothing named", "require\nrequire()\n", "st.cmd:1:1 warning bad-require\nst.cmd:2:1 warning bad-require\n"},
		{"comment behind", "require asyn # the driver\n", "st.cmd:1 require asyn,#\nst.cmd:1:1 warning comment-after-command\n"},
		{"quote not closed", "require \"asyn\necho \"x\n", "st.cmd:1:1 warning unbalanced-quote\n"},
		{"nested", "iocshLoad(\"$(E3_CMD_TOP)/inc.cmd\", \"V=3.0.0\")\niocshLoad $(E3_CMD_TOP)/inc.cmd\n", "/top/inc.cmd:1 require inner,3.0.0\n/top/inc.cmd:1 require inner,9.9.9\n"},
		{"included", "< /top/inc.cmd\n</top/inc.cmd\n", "/top/inc.cmd:1 require inner,9.9.9\n/top/inc.cmd:1 require inner,9.9.9\n"},
		{"run", "iocshRun \"require a,1.0.0\"\niocshCmd('require b')\n", "st.cmd:1 require a,1.0.0\nst.cmd:2 require b,\n"},
		{"init", "iocInit\n", "init\n"},
		{"init, called", " \tiocInit()\n", "init\n"},
		{"no init", "# iocInit\niocInitX\niocInit_2\necho iocInit\n", ""},
		{"nested init", "iocshLoad /top/init.cmd\nrequire late\n", "init\nst.cmd:2:1 warning require-after-init\n"},
		{"late", "iocInit\nrequire late\n", "init\nst.cmd:2:1 warning require-after-init\n"},
		{"missing", "iocshLoad /nope.cmd\ndbLoadRecords(\"nope.db\", \"P=x\")\ndbLoadTemplate nope.subs\ndbLoadRecords a.db\ndbLoadRecords ?x\ndbLoadRecords $(WHO)/x.db\n",
			"st.cmd:1:11 warning missing-file\nst.cmd:2:15 warning missing-file\nst.cmd:3:16 warning missing-file\n"},
		{"on error", "on error break\nrequire a\n", "st.cmd:2 require a,\n"},
		{"no line end", "require a\nrequire é,1", "st.cmd:1 require a,\nst.cmd:2 require é,1\nst.cmd:2:1 warning no-final-newline\n"},
		{"no line end below", "iocshLoad /top/short.cmd\n", "/top/short.cmd:2 require short,\n/top/short.cmd:2:1 warning no-final-newline\n"},
		{"loop", "iocshLoad /top/loop.cmd\n", "/top/loop.cmd:1:11 error script-cycle\n"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := show(Read("st.cmd", []byte(tt.in), Options{Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }, Look: world(files)}))
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestMended(t *testing.T) {
	files := map[string]string{
		"mid.cmd":  "echo mid\niocshLoad low.cmd \"A=1\"\niocshLoad fine.cmd\n",
		"low.cmd":  "echo low",
		"fine.cmd": "echo fine\n",
	}
	s, _ := Read("st.cmd", []byte("iocshLoad fine.cmd\n<mid.cmd\niocshLoad(\"mid.cmd\")\n"), Options{Look: world(files)})
	got := s.Mended(func(name string) string { return "$(FIX)/" + name })
	want := map[string]string{
		"st.cmd":  "iocshLoad fine.cmd\n<\"$(FIX)/mid.cmd\"\niocshLoad(\"$(FIX)/mid.cmd\")\n",
		"mid.cmd": "echo mid\niocshLoad \"$(FIX)/low.cmd\" \"A=1\"\niocshLoad fine.cmd\n",
		"low.cmd": "echo low\n",
	}
	if len(got) != len(want) {
		t.Errorf("%d copies", len(got))
	}
	for n, w := range want {
		if string(got[n]) != w {
			t.Errorf("%s: %q, not %q", n, got[n], w)
		}
	}
	if s, _ := Read("st.cmd", []byte("echo a\n"), Options{}); len(s.Mended(nil)) != 0 {
		t.Error("a whole script was mended")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("require asyn,$(V=1.0.0)\niocInit", "require b\n< a\n")
	f.Add("iocshLoad(\"a\",\"P=$(P)\")\nepicsEnvSet P $(P)$(P)", "iocshLoad a")
	f.Add("require ${A=${B='c,d'}}\\\n\"", "iocshRun \"iocshLoad a\"")
	f.Fuzz(func(t *testing.T, top, inner string) {
		look := world(map[string]string{"a": inner})
		s, ds := Read("st.cmd", []byte(top), Options{Look: look})
		for _, d := range ds {
			if d.Summary == "" || d.Code == "" || d.Range.IsZero() || d.Range.Start.Byte > d.Range.End.Byte {
				t.Errorf("a problem without words or place: %+v", d)
			}
		}
		for _, q := range s.Requires {
			if q.Module == "" || q.Range.IsZero() {
				t.Errorf("%+v", q)
			}
		}
		// What is mended needs no further mending, and says the same.
		fixed := s.Mended(func(n string) string { return n })
		if len(fixed) == 0 || ds.HasErrors() {
			return
		}
		again := func(n, was string) []byte {
			if b, ok := fixed[n]; ok {
				return b
			}
			return []byte(was)
		}
		s2, ds2 := Read("st.cmd", again("st.cmd", top), Options{Look: world(map[string]string{"a": string(again("a", inner))})})
		for _, d := range ds2 {
			if d.Code == "no-final-newline" {
				t.Errorf("mended %q and %q: %v", fixed["st.cmd"], fixed["a"], d)
			}
		}
		if len(s2.Requires) != len(s.Requires) || s2.Init != s.Init {
			t.Errorf("mended %q and %q say another thing", fixed["st.cmd"], fixed["a"])
		}
	})
}
