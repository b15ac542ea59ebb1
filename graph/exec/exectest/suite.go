package exectest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
)

// Run runs the suite.
func Run(t *testing.T, c Config) {
	for _, test := range []struct {
		name string
		f    func(*bench)
	}{
		{"inputs and outputs", inputsAndOutputs},
		{"large inputs", largeInputs},
		{"trees", trees},
		{"exit codes and signals", exitCodes},
		{"programs that cannot start", cannotStart},
		{"environment", environment},
		{"standard streams", streams},
		{"large output", largeOutput},
		{"bad outputs", badOutputs},
		{"paths that climb", climbing},
		{"old outputs", oldOutputs},
		{"timeout", timeout},
		{"daemons", daemons},
		{"cancel", cancel},
		{"nothing left", nothingLeft},
		{"sandbox", sandbox},
	} {
		t.Run(test.name, func(t *testing.T) { test.f(newBench(t, c, 1)) })
	}
	t.Run("two at once", func(t *testing.T) { twoAtOnce(newBench(t, c, 2)) })
}

func inputsAndOutputs(b *bench) {
	s := b.sh(`cat a/in b/from >out/x && mkdir out/tree && cp a/in out/tree/y && ls -l b/prog && b/prog && echo "out/x: a/in" >dep/d && pwd`, func(s *exec.Spawn) {
		s.Inputs = []exec.Input{{Path: "a/in", Data: []byte("data\n")}, {Path: "b/from", From: b.file("f", "file\n"), Size: 5},
			{Path: "b/prog", From: b.file("p", "#!/bin/sh\necho runs\n"), Size: 20, Exec: true}, {Path: "b/empty", Data: []byte{}}}
		s.Outputs = []exec.Output{{Path: "out/x"}, {Path: "out/tree", Tree: true}}
		s.DepFile = "dep/d"
		s.Dirs = []string{"some/dir"}
	})
	out := b.run(s)
	if out.ExitCode != 0 {
		b.Fatalf("%s%s", out.Stdout, out.Stderr)
	}
	lines := strings.Split(strings.TrimSpace(string(out.Stdout)), "\n")
	if !strings.HasPrefix(lines[0], "-r") || lines[0][3] != 'x' || lines[1] != "runs" || lines[2] != out.Root {
		b.Errorf("said %q, root %s", lines, out.Root)
	}
	if got, err := os.ReadFile(out.Outputs[0]); string(got) != "data\nfile\n" || err != nil {
		b.Errorf("out/x: %q, %v", got, err)
	}
	if got, err := os.ReadFile(filepath.Join(out.Outputs[1], "y")); string(got) != "data\n" || err != nil {
		b.Errorf("out/tree/y: %q, %v", got, err)
	}
	if string(out.DepFile) != "out/x: a/in\n" || out.Refused != nil || out.Wall <= 0 || out.CPU <= 0 || out.MaxRSS <= 0 {
		b.Errorf("%+v", out)
	}
	if b.runner.Isolation() == exec.InPlace && out.Outputs[0] != filepath.Join(b.ws, "out/x") {
		b.Errorf("out/x lies at %s", out.Outputs[0])
	}
}

func largeInputs(b *bench) {
	big := strings.Repeat("0123456789abcdef", 3<<16) // 3 MiB
	s := b.sh(`wc -c <a/big && (echo x >a/big) 2>/dev/null; wc -c <small`, func(s *exec.Spawn) {
		// The second has grown since its size was taken.
		s.Inputs = []exec.Input{{Path: "a/big", From: b.file("big", big), Size: 3 << 20}, {Path: "small", From: b.file("grown", big), Size: 1 << 20}}
	})
	got := strings.Fields(b.ok(s))
	if len(got) != 2 || got[0] != "3145728" || got[1] != "1048576" && got[1] != "3145728" {
		b.Errorf("sizes %q", got)
	}
	if b.runner.Isolation() != exec.InPlace {
		if now, _ := os.ReadFile(filepath.Join(b.dir, "big")); string(now) != big {
			b.Error("the command changed the file that its input came from")
		}
	}
}

func trees(b *bench) {
	b.file("tree/sub/f", "in the tree\n")
	b.file("tree/x", "")
	s := b.sh(`cat t/here/sub/f; touch t/here/new 2>/dev/null || echo read-only; ls t/here`, func(s *exec.Spawn) {
		s.Inputs = []exec.Input{{Path: "t/here", From: filepath.Join(b.dir, "tree"), Tree: true}}
	})
	got := b.ok(s)
	switch b.runner.Isolation() {
	case exec.Namespaces:
		if got != "in the tree\nread-only\nsub\nx\n" {
			b.Errorf("said %q", got)
		}
		if got := b.ok(b.sh("ls -A; ls -A t 2>/dev/null || true")); got != "" {
			b.Errorf("the next action sees %q", got)
		}
	default:
		if !strings.HasPrefix(got, "in the tree\n") {
			b.Errorf("said %q", got)
		}
	}
	if b.runner.Isolation() == exec.InPlace {
		return
	}
	_, err := b.runner.Run(context.Background(), b.sh("true", func(s *exec.Spawn) {
		s.Inputs = []exec.Input{{Path: "t", From: filepath.Join(b.dir, "tree"), Tree: true}, {Path: "t/sub/g", Data: []byte("x")}}
	}))
	if err == nil || exists(filepath.Join(b.dir, "tree/sub/g")) {
		b.Errorf("an input below a tree: %v", err)
	}
}

func exitCodes(b *bench) {
	for _, c := range []struct {
		script string
		code   int
		signal string
	}{{"exit 3", 3, ""}, {"true", 0, ""}, {"kill -9 $$", 137, "killed"}, {"kill -SEGV $$", 139, "segmentation fault"}} {
		out := b.run(b.sh(c.script))
		if out.ExitCode != c.code || out.Signal != c.signal || out.TimedOut {
			b.Errorf("%s: code %d, signal %q", c.script, out.ExitCode, out.Signal)
		}
	}
}

func cannotStart(b *bench) {
	for _, c := range []struct {
		argv []string
		near string
	}{{[]string{"slep"}, "sleep"}, {[]string{"./absent"}, ""}, {[]string{"plain/text"}, ""}, {[]string{rule.HostTool("gcc"), "-c"}, ""}, {nil, ""}} {
		s := b.sh("", func(s *exec.Spawn) {
			s.Argv = c.argv
			s.Inputs = []exec.Input{{Path: "plain/text", Data: []byte("hello\n")}}
		})
		_, err := b.runner.Run(context.Background(), s)
		var e *exec.StartError
		if !errors.As(err, &e) || c.near != "" && !slices.Contains(e.Near, c.near) {
			b.Errorf("%q: %v", c.argv, err)
		}
	}
	if got := b.ok(b.sh("echo on")); got != "on\n" {
		b.Errorf("afterwards: %q", got)
	}
}

func environment(b *bench) {
	b.Setenv("CAIRN_TEST_LEAK", "leaks")
	f := b.fifo("s")
	out := b.run(b.sh("", func(s *exec.Spawn) {
		s.Argv = []string{rule.HostTool("env")}
		s.Env = []string{"Z=1", "A=" + rule.HostTool("cat")}
		f.use(s)
	}))
	var names []string
	vars := map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(string(out.Stdout)), "\n") {
		n, v, _ := strings.Cut(l, "=")
		names = append(names, n)
		vars[n] = v
	}
	if got := strings.Join(names, " "); got != "A HOME PATH S TMPDIR Z" {
		b.Errorf("variables %s", got)
	}
	if vars["A"] != Posix(b).Programs["cat"] || vars["Z"] != "1" {
		b.Errorf("values %v", vars)
	}
	if got := b.ok(b.sh(`umask; ls -A "$HOME"; ls -A "$TMPDIR"; ls "$PATH" | grep -c .`)); !strings.HasPrefix(got, "0022\n") ||
		len(strings.Fields(got)) != 2 {
		b.Errorf("umask, folders: %q", got)
	}
	if got := b.ok(b.sh(`echo $PATH`, func(s *exec.Spawn) { s.Env = []string{"PATH=/own"} })); got != "/own\n" {
		b.Errorf("PATH of the action's own: %q", got)
	}
	if exists("/proc/self/fd") {
		if got := b.ok(b.sh("ls /proc/self/fd")); got != "0\n1\n2\n3\n" { // 3 is ls's own
			b.Errorf("open files %q", got)
		}
	}
}

func streams(b *bench) {
	out := b.run(b.sh("cat; echo one; echo two >/dev/stdout; echo err >&2; echo more >/dev/stderr; echo three"))
	if string(out.Stdout) != "one\ntwo\nthree\n" || string(out.Stderr) != "err\nmore\n" {
		b.Errorf("said %q and %q", out.Stdout, out.Stderr)
	}
	out = b.run(b.sh("echo said; echo err >&2", func(s *exec.Spawn) {
		s.Stdout, s.Outputs = "o/f", []exec.Output{{Path: "o/f"}}
	}))
	if got, _ := os.ReadFile(out.Outputs[0]); string(got) != "said\n" || len(out.Stdout) != 0 || string(out.Stderr) != "err\n" {
		b.Errorf("file %q, stdout %q, stderr %q", got, out.Stdout, out.Stderr)
	}
	if out := b.run(b.sh("true")); len(out.Stdout)+len(out.Stderr) != 0 {
		b.Errorf("a silent command after a loud one: %q %q", out.Stdout, out.Stderr)
	}
}

func largeOutput(b *bench) {
	const size = 64 << 20
	out := b.run(b.sh("dd if=/dev/zero bs=1048576 count=64 2>/dev/null; echo end >&2"))
	if len(out.Stdout) != size || string(out.Stderr) != "end\n" {
		b.Errorf("%d bytes, %q", len(out.Stdout), out.Stderr)
	}
	out = b.run(b.sh("dd if=/dev/zero of=big bs=1048576 count=64 2>/dev/null", func(s *exec.Spawn) { s.Outputs = []exec.Output{{Path: "big"}} }))
	if fi, err := os.Stat(out.Outputs[0]); err != nil || fi.Size() != size {
		b.Errorf("big: %v", err)
	}
	_, err := b.runner.Run(context.Background(), b.sh("cat /dev/zero"))
	if err == nil || !strings.Contains(err.Error(), "256 MB") {
		b.Errorf("a flood: %v", err)
	}
}

func badOutputs(b *bench) {
	secret := b.file("secret", "secret")
	out := b.run(b.sh(`ln -s `+secret+` link; mkdir folder; echo >file; mkfifo pipe; ln -s `+b.dir+` elsewhere`, func(s *exec.Spawn) {
		s.Outputs = []exec.Output{{Path: "link"}, {Path: "folder"}, {Path: "file", Tree: true}, {Path: "pipe"}, {Path: "absent"}, {Path: "link", Tree: true}}
		s.DepFile = "elsewhere2/secret"
	}))
	want := []string{"a symbolic link", "a folder", "a file", "a special file", "", "a symbolic link"}
	if !slices.Equal(out.Refused, want) || strings.Join(out.Outputs, "") != "" || out.DepFile != nil {
		b.Errorf("%q refused %q", out.Outputs, out.Refused)
	}
	// A folder on the way to an output that becomes a link out of the tree.
	out = b.run(b.sh(`rm -r o && ln -s `+b.dir+` o`, func(s *exec.Spawn) {
		s.Outputs = []exec.Output{{Path: "o/secret"}}
	}))
	if out.Outputs[0] != "" {
		b.Errorf("an output outside of the tree: %s", out.Outputs[0])
	}
}

func climbing(b *bench) {
	for _, p := range []string{"../x", "/etc/x", "a/../../x", "", ".", "a//b", "a/./b", "x\x00y"} {
		for _, edit := range []func(*exec.Spawn){
			func(s *exec.Spawn) { s.Inputs = []exec.Input{{Path: p, Data: []byte("x")}} },
			func(s *exec.Spawn) { s.Outputs = []exec.Output{{Path: p}} },
			func(s *exec.Spawn) { s.Dirs = []string{p} },
		} {
			s := &exec.Spawn{Name: "//p:n", Argv: []string{"sh", "-c", "true"}}
			s.Tools = b.sh("").Tools
			edit(s)
			if b.runner.Isolation() == exec.InPlace && s.Inputs != nil {
				continue // they lie where they lie
			}
			if _, err := b.runner.Run(context.Background(), s); err == nil {
				b.Errorf("%q in %+v: no error", p, s)
			}
		}
	}
}

func oldOutputs(b *bench) {
	outs := func(s *exec.Spawn) {
		s.Outputs = []exec.Output{{Path: "o/f"}, {Path: "o/t", Tree: true}}
	}
	b.ok(b.sh("mkdir o/t; echo old >o/t/stale; echo old >o/f", outs))
	out := b.run(b.sh("ls o; mkdir o/t; echo new >o/t/new", outs))
	if len(out.Stdout) != 0 || out.Outputs[0] != "" {
		b.Errorf("sees %q, outputs %q", out.Stdout, out.Outputs)
	}
	if entries, _ := os.ReadDir(out.Outputs[1]); len(entries) != 1 {
		b.Errorf("the tree holds %v", entries)
	}
}

func timeout(b *bench) {
	f := b.fifo("s")
	done := make(chan *exec.Outcome)
	go func() {
		out, err := b.runner.Run(context.Background(), b.sh(`exec 9>$S/fifo; echo ready >&9; sleep 1000 & wait; sleep 1000`, func(s *exec.Spawn) {
			s.Timeout = 300 * time.Millisecond
			f.use(s)
		}))
		if err != nil {
			b.Errorf("Run: %v", err)
		}
		done <- out
	}()
	r := f.ready()
	if out := <-done; out == nil || !out.TimedOut || out.Signal != "terminated" || out.ExitCode != 143 {
		b.Errorf("%+v", out)
	}
	f.gone(r)
	out := b.run(b.sh(`trap "" TERM; while :; do sleep 1000; done`, func(s *exec.Spawn) { s.Timeout = time.Millisecond }))
	if !out.TimedOut || out.Signal == "" {
		b.Errorf("%+v", out)
	}
	out = b.run(b.sh(`trap "echo tidied; exit 7" TERM; sleep 1000 & wait`, func(s *exec.Spawn) { s.Timeout = 300 * time.Millisecond }))
	if !out.TimedOut || out.ExitCode != 7 || string(out.Stdout) != "tidied\n" {
		b.Errorf("%+v", out)
	}
}

func daemons(b *bench) {
	f := b.fifo("s")
	ready := make(chan *os.File)
	go func() { ready <- f.ready() }()
	// The inner shell ends at once, so that the sleeper is nobody's child.
	b.ok(b.sh(`exec 9>$S/fifo; echo ready >&9; (trap "" HUP TERM; sh -c 'trap "" TERM; sleep 1000 & sleep 1000 &' & ) `, f.use))
	f.gone(<-ready)
}

func cancel(b *bench) {
	f := b.fifo("s")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := b.runner.Run(ctx, b.sh(`exec 9>$S/fifo; echo ready >&9; sh -c 'sleep 1000 & sleep 1000' & sleep 1000; echo never`, f.use))
		done <- err
	}()
	r := f.ready()
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		b.Errorf("Run gives %v", err)
	}
	f.gone(r)
	if _, err := b.runner.Run(ctx, b.sh("true")); !errors.Is(err, context.Canceled) {
		b.Errorf("Run afterwards gives %v", err)
	}
	if got := b.ok(b.sh("echo on")); got != "on\n" {
		b.Errorf("the next action says %q", got)
	}
}

func nothingLeft(b *bench) {
	if b.runner.Isolation() == exec.InPlace {
		b.ok(b.sh(`echo x >"$HOME/left"; echo x >"$TMPDIR/left"; mkdir -p "$TMPDIR/a/b"; chmod 0 "$TMPDIR/a"`))
	} else {
		b.ok(b.sh(`echo x >left; echo x >"$HOME/left"; echo x >"$TMPDIR/left"; mkdir -p "$TMPDIR/a/b"; chmod 0 "$TMPDIR/a" "$TMPDIR"
			echo x >../left; mkdir ../dir; chmod 700 ..; rm -rf "$HOME"`))
	}
	around := `ls -A . | grep left; ls -A .. | grep -e left -e dir; `
	if b.runner.Isolation() == exec.InPlace {
		around = ""
	}
	if got := b.ok(b.sh(around + `ls -A "$HOME" "$TMPDIR" | grep left; ls -A "$TMPDIR"; ls -ld "$TMPDIR" | grep -c '^d......rwt'`)); got != "1\n" {
		b.Errorf("sees %q", got)
	}
}

func twoAtOnce(b *bench) {
	f, g := b.fifo("f"), b.fifo("g")
	script := `echo $ME >"$TMPDIR/same"; echo $ME >"$HOME/same"; echo ready >$S/fifo; cat $S/go; cat "$TMPDIR/same" "$HOME/same"; ls "$TMPDIR"`
	res := make(chan string, 2)
	for _, who := range []*fifo{f, g} {
		if err := os.WriteFile(filepath.Join(who.scratch.Dir, "unused"), nil, 0o600); err != nil {
			b.Fatal(err)
		}
		mkfifo(b, filepath.Join(who.scratch.Dir, "go"))
		s := b.sh(script, who.use, func(s *exec.Spawn) { s.Env = []string{"ME=" + filepath.Base(who.scratch.Dir)} })
		go func() {
			out, err := b.runner.Run(context.Background(), s)
			if err != nil {
				b.Errorf("Run: %v", err)
				res <- ""
				return
			}
			res <- string(out.Stdout)
			out.Release()
		}()
	}
	f.ready()
	g.ready() // both run now
	for _, who := range []*fifo{f, g} {
		w, err := os.OpenFile(filepath.Join(who.scratch.Dir, "go"), os.O_WRONLY, 0)
		if err != nil {
			b.Fatal(err)
		}
		w.Close()
	}
	got := []string{<-res, <-res}
	slices.Sort(got)
	if want := []string{"f\nf\nsame\n", "g\ng\nsame\n"}; !slices.Equal(got, want) {
		b.Errorf("said %q", got)
	}
}
