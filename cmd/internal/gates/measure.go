package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// sample is one measured command: CPU is of all processes that it waited for, RSS the largest of them.
type sample struct {
	wall, cpu time.Duration
	rss       int64 // bytes
	ran       int   // commands of the workload
}

// measureVerb makes this program one that runs a single command and prints what it took. A small process of its own stands
// between the harness and each command because a child's peak memory is never below that of the process that started it.
const measureVerb = "measure-one"

// measureMain runs args[2:] in folder args[0] with its output in file args[1], and prints wall ns, CPU ns, RSS in bytes and
// the exit code.
func measureMain(args []string) int {
	log, err := os.OpenFile(args[1], os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	null, nerr := os.Open(os.DevNull)
	if err != nil || nerr != nil {
		fmt.Fprintln(os.Stderr, err, nerr)
		return 1
	}
	attr := &syscall.ProcAttr{Dir: args[0], Env: os.Environ(), Files: []uintptr{null.Fd(), log.Fd(), log.Fd()}}
	start := time.Now()
	pid, err := syscall.ForkExec(args[2], args[2:], attr)
	var ws syscall.WaitStatus
	var ru syscall.Rusage
	for err == nil {
		if _, err = syscall.Wait4(pid, &ws, 0, &ru); err == nil {
			break
		} else if err == syscall.EINTR {
			err = nil
		}
	}
	wall := time.Since(start)
	if err != nil {
		fmt.Fprintln(os.Stderr, args[2], err)
		return 1
	}
	rss := int64(ru.Maxrss)
	if runtime.GOOS != "darwin" {
		rss <<= 10
	}
	fmt.Println(wall.Nanoseconds(), ru.Utime.Nano()+ru.Stime.Nano(), rss, ws.ExitStatus())
	return 0
}

// measure runs one command in dir and fails where it does, with the end of what it said.
func measure(dir, log string, env []string, argv ...string) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	c := exec.Command(self, append([]string{measureVerb, dir, log}, argv...)...)
	c.Env = append(os.Environ(), env...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return sample{}, err
	}
	var wall, cpu, rss int64
	var code int
	if _, err := fmt.Fscan(bytes.NewReader(out), &wall, &cpu, &rss, &code); err != nil {
		return sample{}, err
	}
	if code != 0 {
		said, _ := os.ReadFile(log)
		return sample{}, fmt.Errorf("%s ended with %d: %s", strings.Join(argv, " "), code, said[max(0, len(said)-1000):])
	}
	return sample{wall: time.Duration(wall), cpu: time.Duration(cpu), rss: rss}, nil
}
