// Package gittest runs real servers of git for tests, on this machine's loopback: nginx with git's own backend over https, sshd and
// git's daemon. Each serves the repositories below a folder until it is closed, and counts who comes.
//
// It is for tests only. Programs that the machine has not are taken from Debian's packages, without changing the machine.
package gittest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Server is one that runs.
type Server struct {
	// URL is what a repository's path below the served folder goes behind: "https://127.0.0.1:4711".
	URL string
	// Env is what a client must have in its environment to be let in, and to trust the server.
	Env []string
	// Key is the file of the private key of who may log in by ssh.
	Key string

	visits atomic.Int32
	ends   []func()
}

// Visits gives how many requests or connections there were.
func (s *Server) Visits() int { return int(s.visits.Load()) }

// TakeVisits is Visits since it was last called.
func (s *Server) TakeVisits() int { return int(s.visits.Swap(0)) }

// Close ends the server and all that it started, and waits for that.
func (s *Server) Close() {
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
	s.ends = nil
}

// serveConnections starts a program for each connection, with that as its standard input and output, as inetd does.
func (s *Server) serveConnections(command func() *exec.Cmd) (net.Addr, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	running := map[*exec.Cmd]bool{}
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.visits.Add(1)
			f, err := conn.(*net.TCPConn).File()
			conn.Close()
			if err != nil {
				continue
			}
			c := command()
			c.Stdin, c.Stdout = f, f
			if c.SysProcAttr == nil {
				c.SysProcAttr = &syscall.SysProcAttr{}
			}
			c.SysProcAttr.Setpgid = true
			mu.Lock()
			if err = c.Start(); err == nil {
				running[c] = true
			}
			mu.Unlock()
			f.Close()
			if err == nil {
				all.Go(func() {
					_ = c.Wait() // how it went is the client's to judge
					mu.Lock()
					delete(running, c)
					mu.Unlock()
				})
			}
		}
	})
	s.ends = append(s.ends, func() {
		l.Close()
		mu.Lock()
		for c := range running {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr(), nil
}

// Daemon serves the repositories below a folder by git's own protocol.
func Daemon(repos string) (*Server, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	s := &Server{}
	addr, err := s.serveConnections(func() *exec.Cmd {
		c := exec.Command(git, "daemon", "--inetd", "--export-all", "--base-path="+repos)
		c.Env = serverEnv()
		return c
	})
	if err != nil {
		return nil, err
	}
	s.URL = "git://" + addr.String()
	return s, nil
}

// serverEnv is the environment of servers: git's settings of this user and this machine do not count.
func serverEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
}

// run runs a program to its end.
func run(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, out)
	}
	return nil
}
