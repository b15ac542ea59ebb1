package flowserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// askTime is how long a package may take to answer. It imports no task for that.
	askTime = time.Minute
	// maxAnswer is the most that it may say.
	maxAnswer = 64 << 20
)

// ask starts the package with some words, gives it input, and gives what it prints. An error has the last that it said of what is wrong.
func (s *Server) ask(ctx context.Context, p *Package, input []byte, words ...string) ([]byte, error) {
	select {
	case s.asks <- struct{}{}:
		defer func() { <-s.asks }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	stop := context.AfterFunc(s.ctx, cancel)
	defer stop()
	c := exec.CommandContext(ctx, p.Argv[0], append(p.Argv[1:len(p.Argv):len(p.Argv)], words...)...)
	c.Env, c.Dir = p.Env, firstOf(p.Dir, s.o.Temp)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	var out, said limited
	out.left, said.left = maxAnswer, 64<<10
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &out, &said
	err := c.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(words, " "), context.Cause(ctx))
	}
	if err == nil && out.left < 0 {
		err = errors.New("it says too much")
	}
	if err != nil {
		text := strings.TrimSpace(said.String())
		if text == "" {
			text = err.Error()
		}
		return nil, fmt.Errorf("%s: %s", strings.Join(words, " "), text)
	}
	return out.Bytes(), nil
}

// limited keeps as much as it may, and takes the rest without a word. left is negative when there was more.
type limited struct {
	bytes.Buffer
	left int
}

var _ io.Writer = (*limited)(nil)

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	n := len(b)
	if n > l.left {
		b = b[:max(l.left, 0)]
		l.left = -1
	} else {
		l.left -= n
	}
	l.Buffer.Write(b)
	return n, nil
}
