package build_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/cairn-build/cairn/graph/build"
)

// faults are the ways in which a build does not go its quiet way. After each, a build must be right.
var faults = []func(w *world) string{editedDuring, editedDuring, stopped, killed, killed, twoEngines, twoProcesses}

func (w *world) fault() string { return faults[w.rnd.IntN(len(faults))](w) }

// at gives an Events function that calls f when the n-th action starts or ends: then files have been looked at, and commands
// are about to read them, or have done so.
func at(n int, f func()) func(build.Event) {
	var mu sync.Mutex
	return func(e build.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Start != nil || e.Finish != nil {
			if n--; n == 0 {
				f()
			}
		}
	}
}

// editedDuring edits sources while a build goes on. What the build gives is of before or of after; it must not fail.
func editedDuring(w *world) string {
	first := w.editSource() // so that there is something to do
	w.write()
	o := w.options()
	n := 1 + w.rnd.IntN(8)
	during := "nothing"
	o.Events = at(n, func() {
		w.began()
		during = w.editSource()
		w.began()
		for s := range w.sources {
			w.putSource(s)
		}
	})
	s, err := w.try(o)
	w.good(s, err)
	return fmt.Sprintf("%s, then at event %d of a build %s", first, n, during)
}

// stopped ends a build as ^C does.
func stopped(w *world) string {
	first := w.editSource()
	w.write()
	w.began()
	ps, err := build.ParsePatterns(nil, "")
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	o := w.options()
	n := 1 + w.rnd.IntN(8)
	o.Events = at(n, cancel)
	e, err := build.Open(o)
	if err != nil {
		w.t.Fatal(err)
	}
	defer e.Close()
	s, err := e.Build(ctx, build.Request{Patterns: ps})
	if err != nil && !errors.Is(err, context.Canceled) {
		w.t.Fatalf("a build that was stopped: %v", err)
	}
	if s != nil && len(s.Failures) > 0 {
		w.t.Fatalf("a build that was stopped: %+v", s.Failures)
	}
	return fmt.Sprintf("%s, stopped at event %d", first, n)
}

// killed ends a build of another process with SIGKILL.
func killed(w *world) string {
	first := w.editSource() + ", " + w.editSource()
	w.write()
	w.began()
	n := 1 + w.rnd.IntN(8)
	cmd, out := w.child(n)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL) {
		w.t.Fatalf("a build that was to be killed: %v\n%s", err, out)
	}
	return fmt.Sprintf("%s, killed at event %d", first, n)
}

// twoEngines builds twice at once in this process. No key may be worked on twice.
func twoEngines(w *world) string {
	first := w.editSource()
	w.write()
	o1, o2 := w.options(), w.options()
	var s1, s2 *build.Summary
	var err1, err2 error
	var wg sync.WaitGroup
	wg.Go(func() { s1, err1 = w.try(o1) })
	wg.Go(func() { s2, err2 = w.try(o2) })
	wg.Wait()
	w.good(s1, err1)
	w.good(s2, err2)
	w.together(s1.Run, s2.Run)
	return fmt.Sprintf("%s, built by two engines at once, %s and %s", first, o1.Sandbox, o2.Sandbox)
}

// twoProcesses builds here and in another process at once.
func twoProcesses(w *world) string {
	first := w.editSource()
	w.write()
	cmd, out := w.child(0)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	s, err := w.try(w.options())
	if cerr := cmd.Wait(); cerr != nil {
		w.t.Fatalf("the build of another process: %v\n%s", cerr, out)
	}
	w.good(s, err)
	_, text, _ := strings.Cut(out.String(), "ran ")
	n, cerr := strconv.Atoi(strings.TrimSpace(text))
	if cerr != nil {
		w.t.Fatalf("the build of another process said %q", out)
	}
	w.together(s.Run, n)
	return first + ", built by two processes at once"
}

func (w *world) together(a, b int) {
	w.t.Helper()
	work := w.newWork(w.names())
	if a+b > len(work) {
		w.t.Fatalf("two builds at once ran %d and %d actions, and only %d were new", a, b, len(work))
	}
	w.did(work)
	w.check(w.names())
}

const childVar = "CAIRN_RANDOM_CHILD"

// child makes the command of a build in another process, which kills itself at the given event.
func (w *world) child(killAt int) (*exec.Cmd, *bytes.Buffer) {
	o := w.options()
	exe, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(w.t.Context(), exe)
	cmd.Env = append(os.Environ(), childVar+"="+strings.Join([]string{w.root, w.cache, w.tools, o.Sandbox, strconv.Itoa(killAt)}, "\n"))
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// beChild is that process.
func beChild(args []string) error {
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	o := randomOptions(args[0], args[1], args[2], args[3])
	o.Events = at(n, func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	ps, err := build.ParsePatterns(nil, "")
	if err != nil {
		return err
	}
	e, err := build.Open(o)
	if err != nil {
		return err
	}
	s, err := e.Build(context.Background(), build.Request{Patterns: ps})
	if err == nil {
		err = e.Close()
	}
	if err == nil && len(s.Failures) > 0 {
		err = fmt.Errorf("%+v", s.Failures)
	}
	if err == nil {
		fmt.Printf("ran %d\n", s.Run)
	}
	return err
}
