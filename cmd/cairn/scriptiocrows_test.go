package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/rules/ioc/messages"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

// row is a request for a module of which some versions are installed, in pools that are divided by "|", and the one that is loaded: "" for
// none. The rows are those of the reference, with the stated rule where it leaves the answer to the order of folders.
type row struct{ request, installed, want string }

var requireRows = []row{
	{"", "1.9.0 1.10.0 1.2.0", "1.10.0"},
	{"", "test 1.0.0", "1.0.0"},
	{"", "1.0.0 test", "1.0.0"},
	{"", "beta alpha", "alpha"},
	{"", "alpha beta", "alpha"},
	{"", "beta | alpha", "beta"},
	{"", "foo+0 | alpha foo+1", "foo+1"},
	{"", "1.0.0 1.0.0+0", "1.0.0+0"},
	{"", "1.0.0+0 1.0.0", "1.0.0+0"},
	{"1.0.0", "1.0.0+0 1.0.0", "1.0.0+0"},
	{"1.0.0", "1.0.0 1.0.0+0", "1.0.0+0"},
	{"1.0.0", "1.0.0 1.0.0+1", "1.0.0+1"},
	{"1.0.0", "1.0.0+1 1.0.0", "1.0.0+1"},
	{"1.0.0", "1.0.0+2 1.0.0+10 1.0.0+1", "1.0.0+10"},
	{"1.0.0", "1.0.0+2 | 1.0.0+10 | 1.0.0+1", "1.0.0+10"},
	{"1.0.0+0", "1.0.0", ""},
	{"1.0.0+0", "1.0.0+0 1.0.0+1", "1.0.0+0"},
	{"1.0", "1.0.0 1.0.1", ""},
	{"1.0", "1.0.0 1.0", "1.0"},
	{"foo", "foo+0 foo+1", "foo+1"},
	{"1.2.3", "01.02.03", "01.02.03"},
	{"1.0.0", "", ""},
}

// second is a request for a module of which a version is loaded, and whether it is satisfied.
type second struct {
	have, request string
	ok            bool
}

var requireSeconds = []second{
	{"1.0.0+1", "1.0.0", true}, {"1.0.0", "1.0.0+0", false}, {"1.0.0+0", "1.0.0+1", false}, {"1.0.0+1", "1.0.0+0", false},
	{"1.0.1", "1.0.0", false}, {"test", "1.0.0", false}, {"1.0.0", "test", false}, {"1.0.0", "1.0.0", true}, {"test", "test", true},
	{"1.0.0+1", "1.0.0+1", true}, {"1.0.0", "", true}, {"test", "", true}, {"1.0.0", "none", true},
}

// requireWords are versions that rows are made of at random: all that the rules tell apart.
var requireWords = []string{"1.0.0", "1.0.0+0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "01.0.0", "1.0.1", "1.9.0", "1.10.0", "2.0.0", "1.0", "1", "alpha", "beta",
	"foo", "foo+0", "foo+1", "v1.0.0", "1.0.0-1", "1.0.0.1", "1.0.0+", "1.0.0+a", "master+x", "1.0.0+1+2", "0.0.0", "+1", "999999999999999999999.0.0"}

// iocRows MODULE: the module require in this folder, which brings its base along, answers all requests as package version does.
func iocRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: iocrows <folder of require>")
	}
	r := rowRun{ts: ts, require: ts.MkAbs(args[0]), dir: ts.MkAbs("rows")}
	rows := slices.Clone(requireRows)
	rng := rand.New(rand.NewPCG(6, 14))
	for range 150 {
		var installed []string
		for i, n := 0, 1+rng.IntN(5); i < n; i++ {
			if i > 0 && rng.IntN(3) == 0 {
				installed = append(installed, "|")
			}
			installed = append(installed, requireWords[rng.IntN(len(requireWords))])
		}
		request := ""
		switch rng.IntN(6) {
		case 0:
		case 1:
			request = requireWords[rng.IntN(len(requireWords))]
		default: // one that is installed, with its revision or without
			request = installed[0]
			if base, _, _ := strings.Cut(request, "+"); rng.IntN(3) > 0 {
				request = base
			}
		}
		rows = append(rows, row{request, strings.Join(installed, " "), "?"})
	}
	for _, strict := range []bool{false, true} {
		r.selects(rows, strict)
	}
	r.seconds()
}

type rowRun struct {
	ts           *testscript.TestScript
	require, dir string
}

// install makes a module's folders, and gives what require will find, in the order in which it finds it.
func (r *rowRun) install(module, installed string) (have []iocversion.Installed, folders []string) {
	arch := "linux-x86_64"
	for i, pool := range strings.Split(installed, "|") {
		dir := filepath.Join(r.pool(i), module)
		if strings.TrimSpace(installed) != "" {
			r.ts.Check(os.MkdirAll(dir, 0o755))
		}
		for _, v := range strings.Fields(pool) {
			r.ts.Check(os.MkdirAll(filepath.Join(dir, v, "lib", arch), 0o755))
			r.ts.Check(os.WriteFile(filepath.Join(dir, v, "lib", arch, module+".dep"), nil, 0o644))
		}
		d, err := os.Open(dir)
		if err != nil {
			continue
		}
		names, err := d.Readdirnames(-1) // not sorted: as opendir gives them
		d.Close()
		r.ts.Check(err)
		for _, v := range names {
			have = append(have, iocversion.Installed{Version: v, Pool: i})
			folders = append(folders, filepath.Join(dir, v))
		}
	}
	return have, folders
}

func (r *rowRun) pool(i int) string { return filepath.Join(r.dir, fmt.Sprint("pool", i)) }

// selects puts all rows to require: those that load something to one IOC, the others, of which few are needed, to one each.
func (r *rowRun) selects(rows []row, strict bool) {
	r.ts.Check(os.RemoveAll(r.dir))
	var script []string
	var want []string
	refused := 0
	for i, row := range rows {
		module := fmt.Sprint("row", i)
		have, folders := r.install(module, row.installed)
		chosen, _, err := iocversion.Select(row.request, have, strict)
		line := strings.TrimSpace("require " + module + " " + row.request)
		if err != nil {
			if row.want != "" && row.want != "?" {
				r.ts.Fatalf("%v: package version says %v", row, err)
			}
			if refused++; refused > 6 {
				continue
			}
			says := messages.OtherVersions(module, row.request)
			if len(have) == 0 {
				says = messages.NotAvailable(module, row.request)
			}
			if _, stderr, code := r.ioc(strict, line); code != 1 || stderr != says+"\n"+messages.Aborting+"\n" {
				r.ts.Fatalf("%v: status %d, stderr %q, want 1 and %q", row, code, stderr, says)
			}
			continue
		}
		if v := have[chosen].Version; !strict && row.want != "?" && v != row.want {
			r.ts.Fatalf("%v: package version takes %s", row, v)
		}
		script = append(script, line)
		want = append(want, messages.Found(module, have[chosen].Version, folders[chosen]))
	}
	stdout, stderr, code := r.ioc(strict, script...)
	if got := linesLike(stdout, `^Module row\d+ version .* found in `); code != 0 || !slices.Equal(got, want) {
		r.ts.Fatalf("strict=%v: status %d\n%s", strict, code, differ(got, want)+stderr)
	}
	r.ts.Logf("strict=%v: %d requests are satisfied, %d are not", strict, len(want), refused)
}

// seconds puts the second table to require.
func (r *rowRun) seconds() {
	r.ts.Check(os.RemoveAll(r.dir))
	var script, want []string
	for i, s := range requireSeconds {
		module := fmt.Sprint("row", i)
		r.install(module, s.have)
		if iocversion.Loaded(s.have, s.request) != s.ok {
			r.ts.Fatalf("%v: package version says otherwise", s)
		}
		both := []string{"require " + module + " " + s.have, strings.TrimSpace("require " + module + " " + s.request)}
		if s.ok {
			script = append(script, both...)
			if s.request != iocversion.None {
				want = append(want, messages.AlreadyLoaded(module, s.have))
			}
			continue
		}
		stdout, stderr, code := r.ioc(false, both...)
		says := []string{messages.Conflict(module, s.request, s.have)}
		if got := linesLike(stdout, "^Conflict "); code != 1 || !slices.Equal(got, says) || stderr != messages.Aborting+"\n" {
			r.ts.Fatalf("%v: status %d, stderr %q\n%s", s, code, stderr, differ(got, says))
		}
	}
	stdout, stderr, code := r.ioc(false, script...)
	if got := linesLike(stdout, " already loaded$"); code != 0 || !slices.Equal(got, want) {
		r.ts.Fatalf("status %d\n%s%s", code, differ(got, want), stderr)
	}
}

// ioc runs an IOC, which does not come as far as iocInit, with some lines. What it warns of is left out of stderr.
func (r *rowRun) ioc(strict bool, lines ...string) (stdout, stderr string, code int) {
	script := filepath.Join(r.dir, "start.cmd")
	lib := filepath.Join(r.require, "lib/linux-x86_64/librequire.so")
	text := "dlload " + lib + "\ndbLoadDatabase " + r.require + "/dbd/require.dbd\nrequire_registerRecordDeviceDriver\n" + strings.Join(lines, "\n") + "\n"
	r.ts.Check(os.MkdirAll(r.dir, 0o755))
	r.ts.Check(os.WriteFile(script, []byte(text), 0o644))
	c := exec.Command(filepath.Join(r.require, "base/bin/linux-x86_64/softIocPVA"), "-D", filepath.Join(r.require, "base/dbd/softIocPVA.dbd"), script)
	c.Dir = r.dir
	c.Env = []string{"REQUIRE_IOC=ROWS", "EPICS_DRIVER_PATH=" + strings.Join([]string{r.pool(0), r.pool(1) + "/", "", r.pool(2), r.pool(3), r.pool(4)}, ":")}
	if strict {
		c.Env = append(c.Env, "REQUIRE_STRICT_ORDER=1")
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		r.ts.Check(err)
	}
	for _, l := range strings.SplitAfter(errs.String(), "\n") {
		if !strings.HasPrefix(l, "Warning: ") {
			stderr += l
		}
	}
	return out.String(), stderr, code
}

func linesLike(text, pattern string) []string {
	like := regexp.MustCompile(pattern)
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if like.MatchString(l) {
			out = append(out, l)
		}
	}
	return out
}

func differ(got, want []string) string {
	var b strings.Builder
	for i := range max(len(got), len(want)) {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			fmt.Fprintf(&b, "got  %q\nwant %q\n", g, w)
		}
	}
	return b.String()
}
