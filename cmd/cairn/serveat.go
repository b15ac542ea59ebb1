package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// shortestToken is how many characters a token has at least.
const shortestToken = 16

// token gives what clients have to show; "" for nothing. One that is made up is as long as a key.
func (f *serveFlags) token(a *app) (string, error) {
	if f.tokenFile == "" {
		if f.noToken || f.unix != "" {
			return "", nil
		}
		var b [32]byte
		_, _ = rand.Read(b[:]) // it never fails
		return hex.EncodeToString(b[:]), nil
	}
	fi, err := os.Stat(f.tokenFile)
	if err == nil && fi.Size() > 4096 {
		return "", usagef("--token-file %s: it has %d bytes, which is no token", f.tokenFile, fi.Size())
	}
	b, rerr := os.ReadFile(f.tokenFile)
	if err = errors.Join(err, rerr); err != nil {
		return "", &usageError{fmt.Sprintf("--token-file %s: %s", f.tokenFile, plainError(rerr)), "openssl rand -hex 32 writes a good one."}
	}
	token := strings.TrimSpace(string(b))
	if len(token) < shortestToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &usageError{fmt.Sprintf("--token-file %s: a token has %d characters or more, in one line without spaces", f.tokenFile, shortestToken), "openssl rand -hex 32 writes a good one."}
	}
	if fi.Mode().Perm()&0o077 != 0 {
		a.ui.Say("warning: %s can be read by others: chmod 600 %s", f.tokenFile, f.tokenFile)
	}
	return token, nil
}

// bind opens the address or the socket, and gives the service's URL.
func (f *serveFlags) bind() (net.Listener, string, error) {
	if f.unix != "" {
		l, err := bindUnix(f.unix)
		return l, "http://localhost", err
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		var oe *net.OpError
		var ae *net.AddrError
		var de *net.DNSError
		switch {
		case errors.As(err, &ae), errors.As(err, &de):
			return nil, "", &usageError{fmt.Sprintf("--listen takes ADDRESS:PORT, not %q", f.listen), "127.0.0.1:5000"}
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, "", &environmentError{fmt.Errorf("something else listens at %s already", f.listen)}
		case errors.As(err, &oe):
			err = oe.Err
		}
		return nil, "", &environmentError{fmt.Errorf("cannot listen at %s: %w", f.listen, err)}
	}
	return l, "http://" + l.Addr().String(), nil
}

// longestSocket is the longest path that all systems take for a socket.
const longestSocket = 103

// bindUnix makes a socket that only its owner can open. One that a service has left behind is replaced.
func bindUnix(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, &usageError{fmt.Sprintf("--unix %s: a socket's path has %d bytes at most", path, longestSocket), ""}
	}
	if fi, err := os.Lstat(path); err == nil {
		if fi.Mode()&os.ModeSocket == 0 {
			return nil, usagef("--unix %s: there is something that is no socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return nil, &environmentError{fmt.Errorf("a service listens at %s already", path)}
		} else if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, &environmentError{err}
		}
		if err := os.Remove(path); err != nil {
			return nil, &environmentError{err}
		}
	}
	was := syscall.Umask(0o177) // it must not be open to others for a moment
	l, err := net.Listen("unix", path)
	syscall.Umask(was)
	if err != nil {
		var oe *net.OpError
		if errors.As(err, &oe) {
			err = oe.Err
		}
		return nil, &environmentError{fmt.Errorf("cannot listen at %s: %w", path, err)}
	}
	return l, nil
}
