package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxFailures is how often one download may be taken up again, progress or not.
const maxFailures = 100

// errStalled says that a server kept silent for too long.
var errStalled = errors.New("the server sends nothing any more")

// body is a download that survives what happens to connections. It is used by one goroutine.
type body struct {
	c        *Client
	ctx      context.Context
	sources  []Source // those not given up yet
	lost     []error  // why the others were
	progress func(done, total int64)

	resp     *nethttp.Response
	cancel   context.CancelCauseFunc
	stall    *time.Timer
	off      int64 // bytes handed out
	total    int64 // -1 where unknown
	noRange  bool  // the server does not do what Range asks for
	failures int
	idle     int // failures since the last progress
	done     bool
}

// Open asks the sources in order and gives the first's bytes that can be had. A connection that breaks is taken up where it
// broke, at the same place or at the next; all places are taken to offer the same bytes. Errors name the places without
// credentials and queries. progress may be nil.
func (c *Client) Open(ctx context.Context, sources []Source, progress func(done, total int64)) (io.ReadCloser, error) {
	return c.open(ctx, sources, progress)
}

func (c *Client) open(ctx context.Context, sources []Source, progress func(done, total int64)) (*body, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	b := &body{c: c, ctx: ctx, sources: sources, progress: progress, total: -1}
	if err := b.request(); err != nil {
		return nil, err
	}
	return b, nil
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	for !b.done {
		if b.resp == nil {
			if err := b.request(); err != nil {
				return 0, err
			}
			continue
		}
		b.stall.Reset(b.c.o.Stall)
		n, err := b.resp.Body.Read(p)
		b.stall.Stop() // what the caller does meanwhile is not the server's silence
		if n > 0 {
			b.off += int64(n)
			b.idle = 0
			b.progress(b.off, b.total)
			if b.off > b.c.o.MaxBytes {
				return 0, &sourceError{b.sources[0].URL, b.tooLarge()}
			}
		}
		switch {
		case err == io.EOF:
			b.done = true
		case err != nil:
			if err := b.failed(b.cause(err), 0); err != nil {
				return n, err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.done = true
	b.drop()
	return nil
}

func (b *body) drop() {
	if b.resp != nil {
		b.resp.Body.Close()
		b.resp = nil
	}
	if b.cancel != nil {
		b.stall.Stop()
		b.cancel(nil)
		b.cancel = nil
	}
}

// request asks until an answer is there whose body starts at b.off, or nothing is left to ask.
func (b *body) request() error {
	for {
		retryAfter, err := b.ask()
		if err == nil {
			return nil
		}
		if err := b.failed(err, retryAfter); err != nil {
			return err
		}
	}
}

// failed puts the connection down after err. It waits where the same place may do better, and gives the place up
// otherwise; an error comes back when nothing is left.
func (b *body) failed(err error, retryAfter time.Duration) error {
	b.drop()
	if e := b.ctx.Err(); e != nil {
		return e
	}
	b.failures++
	b.idle++
	if worthRetrying(err) && b.idle < b.c.o.Tries && b.failures < maxFailures {
		d := max(min(retryAfter, 30*time.Second), 500*time.Millisecond<<min(b.idle-1, 5))
		return b.c.o.Wait(b.ctx, d)
	}
	b.lost = append(b.lost, &sourceError{b.sources[0].URL, err})
	b.sources = b.sources[1:]
	b.idle, b.noRange = 0, false
	if len(b.sources) == 0 {
		return lostAll(b.lost)
	}
	return nil
}

// ask sends one request.
func (b *body) ask() (retryAfter time.Duration, err error) {
	client, err := b.c.http()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(b.ctx)
	b.cancel = cancel
	b.stall = time.AfterFunc(b.c.o.Stall, func() { cancel(errStalled) })
	req, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodGet, b.sources[0].URL, nil)
	if err != nil || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return 0, final("this is no address of a web server")
	}
	for k, v := range b.sources[0].Header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", "cairn")
	b.c.authorize(req)
	if b.off > 0 && !b.noRange {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(b.off, 10)+"-")
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, b.causeOf(ctx, err)
	}
	b.resp = resp
	defer b.stall.Stop()
	return b.accept(resp)
}

// accept looks at an answer's head, and leaves the body at b.off.
func (b *body) accept(resp *nethttp.Response) (retryAfter time.Duration, err error) {
	switch {
	case resp.StatusCode == nethttp.StatusOK:
		b.setTotal(resp.ContentLength)
		if b.total > b.c.o.MaxBytes {
			return 0, b.tooLarge()
		}
		n, err := io.CopyN(io.Discard, &keepAlive{b}, b.off)
		if err != nil {
			return 0, b.cause(fmt.Errorf("after %d bytes: %w", n, err))
		}
		return 0, nil
	case resp.StatusCode == nethttp.StatusPartialContent && b.off > 0:
		start, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || start != b.off {
			b.noRange = true
			return 0, errRange
		}
		b.setTotal(total)
		return 0, nil
	case resp.StatusCode == nethttp.StatusRequestedRangeNotSatisfiable && b.off > 0:
		if b.off == b.total {
			b.done = true
			return 0, nil
		}
		b.noRange = true
		return 0, errRange
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		retryAfter = time.Duration(min(s, 3600)) * time.Second
	}
	return retryAfter, &StatusError{Code: resp.StatusCode}
}

func (b *body) setTotal(n int64) {
	if n >= 0 {
		b.total = n
	}
}

func (b *body) tooLarge() error {
	return final("the file is larger than %d MiB, which is out of proportion", b.c.o.MaxBytes>>20)
}

// keepAlive reads an answer's body without handing it out, under the same watch.
type keepAlive struct{ b *body }

// Read implements io.Reader.
func (k *keepAlive) Read(p []byte) (int, error) {
	k.b.stall.Reset(k.b.c.o.Stall)
	return k.b.resp.Body.Read(p)
}

// cause gives what a broken read really means.
func (b *body) cause(err error) error {
	if b.resp != nil && b.resp.Request != nil {
		return b.causeOf(b.resp.Request.Context(), err)
	}
	return err
}

func (b *body) causeOf(ctx context.Context, err error) error {
	if c := context.Cause(ctx); errors.Is(c, errStalled) {
		return c
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err // without the URL, which may hold secrets
	}
	return err
}

// contentRange reads "bytes 5-9/10"; total is -1 where it is "*".
func contentRange(s string) (start, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, size, ok2 := strings.Cut(s, "/")
	from, _, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, false
	}
	start, err := strconv.ParseInt(from, 10, 64)
	if err != nil || start < 0 {
		return 0, 0, false
	}
	if size == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(size, 10, 64)
	return start, total, err == nil && total >= start
}
