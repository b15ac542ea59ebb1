package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/fetch"
)

var content = func() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

// server counts what it is asked, and answers with handler.
type server struct {
	*httptest.Server
	asked  atomic.Int64
	ranges chan string
}

func serve(t *testing.T, h func(w nethttp.ResponseWriter, r *nethttp.Request, n int)) *server {
	t.Helper()
	s := &server{ranges: make(chan string, 1000)}
	s.Server = httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		s.ranges <- r.Header.Get("Range")
		h(w, r, int(s.asked.Add(1)))
	}))
	t.Cleanup(s.Close)
	return s
}

// cut sends b from what Range asks for, and breaks the connection after n bytes.
func cut(w nethttp.ResponseWriter, r *nethttp.Request, b []byte, n int) {
	from := 0
	if s, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		from, _ = strconv.Atoi(strings.TrimSuffix(s, "-"))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(b)-1, len(b)))
	}
	b = b[from:]
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if from > 0 {
		w.WriteHeader(nethttp.StatusPartialContent)
	}
	if n >= len(b) {
		w.Write(b)
		return
	}
	w.Write(b[:n])
	panic(nethttp.ErrAbortHandler)
}

type waits struct{ ds []time.Duration }

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.ds = append(w.ds, d)
	return ctx.Err()
}

func client(t *testing.T, o Options) (*Client, *waits) {
	t.Helper()
	w := &waits{}
	o.Wait = w.wait
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	return New(o), w
}

func get(c *Client, urls ...string) ([]byte, error) {
	r, err := c.Fetch(context.Background(), fetch.Request{Params: map[string]string{"urls": strings.Join(urls, "\n")}})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestWhole(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) {
		if r.Header.Get("User-Agent") != "cairn" || r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("headers: %v", r.Header)
		}
		cut(w, r, content, len(content))
	})
	c, _ := client(t, Options{})
	var done, total int64
	r, err := c.Fetch(context.Background(), fetch.Request{Params: map[string]string{"urls": s.URL}, Progress: func(d, n int64) { done, total = d, n }})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(b, content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if done != int64(len(content)) || total != done {
		t.Errorf("progress %d of %d", done, total)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestCutDownloadIsTakenUp(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) { cut(w, r, content, 300_000) })
	c, w := client(t, Options{})
	b, err := get(c, s.URL)
	if err != nil || !bytes.Equal(b, content) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if n := s.asked.Load(); n < 4 {
		t.Errorf("%d requests", n)
	}
	for i, d := range w.ds {
		if d != 500*time.Millisecond {
			t.Errorf("wait %d is %v: there was progress", i, d)
		}
	}
	<-s.ranges
	if r := <-s.ranges; !strings.HasPrefix(r, "bytes=") || r == "bytes=0-" {
		t.Errorf("asked for %q", r)
	}
}

func TestServerWithoutRanges(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
		r.Header.Del("Range")
		cut(w, r, content, n*400_000)
	})
	c, _ := client(t, Options{})
	if b, err := get(c, s.URL); err != nil || !bytes.Equal(b, content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestWrongRange(t *testing.T) {
	for _, answer := range []string{"bytes 0-9/1048576", "bytes x", ""} {
		s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", answer)
				w.WriteHeader(nethttp.StatusPartialContent)
				return
			}
			r.Header.Del("Range")
			if n == 1 {
				cut(w, r, content, 1000)
			}
			cut(w, r, content, len(content))
		})
		c, _ := client(t, Options{})
		if b, err := get(c, s.URL); err != nil || !bytes.Equal(b, content) {
			t.Errorf("%q: %d bytes, %v", answer, len(b), err)
		}
	}
}

func TestRangePastTheEnd(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
		if n > 1 {
			w.WriteHeader(nethttp.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content[:1000])
		panic(nethttp.ErrAbortHandler)
	})
	c, _ := client(t, Options{Tries: 3})
	if _, err := get(c, s.URL); err == nil {
		t.Error("a part was taken for the whole")
	}
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		code  int
		after string
		want  []time.Duration
	}{
		{503, "", []time.Duration{500 * time.Millisecond, time.Second}},
		{429, "7", []time.Duration{7 * time.Second, 7 * time.Second}},
		{502, "99999", []time.Duration{30 * time.Second, 30 * time.Second}},
		{500, "Wed, 21 Oct 2015 07:28:00 GMT", []time.Duration{500 * time.Millisecond, time.Second}},
	} {
		s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
			if n > 2 {
				w.Write([]byte("ok"))
				return
			}
			w.Header().Set("Retry-After", c.after)
			w.WriteHeader(c.code)
		})
		cl, w := client(t, Options{})
		if b, err := get(cl, s.URL); err != nil || string(b) != "ok" {
			t.Errorf("%d: %q, %v", c.code, b, err)
		}
		if fmt.Sprint(w.ds) != fmt.Sprint(c.want) {
			t.Errorf("%d: waited %v, want %v", c.code, w.ds, c.want)
		}
	}
}

func TestGivesUp(t *testing.T) {
	for code, want := range map[int]int64{503: 4, 404: 1, 403: 1, 410: 1} {
		s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) { w.WriteHeader(code) })
		c, _ := client(t, Options{})
		_, err := get(c, s.URL)
		var status *StatusError
		if !errors.As(err, &status) || status.Code != code || s.asked.Load() != want {
			t.Errorf("%d: %v after %d requests", code, err, s.asked.Load())
		}
	}
}

func TestNextPlace(t *testing.T) {
	missing := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) { w.WriteHeader(404) })
	breaks := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
		if n > 1 {
			w.WriteHeader(404)
			return
		}
		cut(w, r, content, 5000)
	})
	good := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) { cut(w, r, content, len(content)) })
	c, _ := client(t, Options{})
	b, err := get(c, "http://127.0.0.1:1/refused", missing.URL, breaks.URL, good.URL)
	if err != nil || !bytes.Equal(b, content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if r := <-good.ranges; !strings.HasPrefix(r, "bytes=") {
		t.Errorf("the last place was asked for %q, though a part was there", r)
	}
}

func TestErrorsHoldNoSecrets(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) {
		if r.URL.Path == "/loop" {
			nethttp.Redirect(w, r, r.URL.String()+"x&sig=hush", nethttp.StatusFound)
			return
		}
		w.WriteHeader(401)
	})
	host := strings.TrimPrefix(s.URL, "http://")
	c, _ := client(t, Options{})
	for _, u := range []string{"http://me:hush@" + host + "/f?token=hush#hush", s.URL + "/loop?token=hush", "http://me:hush@127.0.0.1:1/x?hush", "ftp://me:hush@h/x", "http://me:hush@h:port/", "hush"} {
		_, err := get(c, u)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v", err)
		}
	}
	_, err := get(c, s.URL+"/f")
	if err == nil || !strings.Contains(err.Error(), s.URL+"/f: the server answers 401") || !strings.HasSuffix(err.Error(), ".netrc") {
		t.Errorf("%v", err)
	}
}

func TestStall(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
		if n > 1 {
			cut(w, r, content, len(content))
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content[:100])
		w.(nethttp.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	c, _ := client(t, Options{Stall: 100 * time.Millisecond})
	if b, err := get(c, s.URL); err != nil || !bytes.Equal(b, content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestSilentServer(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) { <-r.Context().Done() })
	c, _ := client(t, Options{Stall: 50 * time.Millisecond, Tries: 2})
	if _, err := get(c, s.URL); !errors.Is(err, errStalled) {
		t.Errorf("got %v", err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
		cancel()
		<-r.Context().Done()
	})
	c, _ := client(t, Options{})
	if _, err := c.Open(ctx, []Source{{URL: s.URL}}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if s.asked.Load() != 1 {
		t.Errorf("%d requests", s.asked.Load())
	}
}

func TestTooLarge(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, n int) {
		if r.URL.Path == "/unsaid" {
			w.(nethttp.Flusher).Flush()
		}
		w.Write(content)
	})
	c, _ := client(t, Options{MaxBytes: 1000})
	for _, p := range []string{"/said", "/unsaid"} {
		if _, err := get(c, s.URL+p); err == nil || !strings.Contains(err.Error(), "out of proportion") {
			t.Errorf("%s: %v", p, err)
		}
	}
	c, _ = client(t, Options{})
	if _, err := c.Get(context.Background(), Source{URL: s.URL}, 1000); err == nil {
		t.Error("a page of any size was taken")
	}
}

func TestPage(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) {
		if r.URL.Path == "/a" {
			nethttp.Redirect(w, r, "/b/", nethttp.StatusMovedPermanently)
			return
		}
		w.Header().Set("Content-Type", "text/x")
		io.WriteString(w, r.Header.Get("Accept"))
	})
	c, _ := client(t, Options{})
	p, err := c.Get(context.Background(), Source{URL: s.URL + "/a", Header: nethttp.Header{"Accept": {"text/x"}}}, 100)
	if err != nil || p.URL.Path != "/b/" || p.ContentType != "text/x" || string(p.Body) != "text/x" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestContentRange(t *testing.T) {
	for s, want := range map[string]string{
		"bytes 5-9/10": "5 10 true", "bytes 5-9/*": "5 -1 true", "bytes 5-9/4": "5 4 false", "bytes */10": "0 0 false",
		"bytes -5-9/10": "0 0 false", "items 5-9/10": "0 0 false", "bytes 5-9": "0 0 false",
	} {
		if a, b, ok := contentRange(s); fmt.Sprint(a, b, ok) != want {
			t.Errorf("%q: %d %d %v, want %s", s, a, b, ok, want)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 5-9/10")
	f.Fuzz(func(t *testing.T, s string) {
		if start, total, ok := contentRange(s); ok && (start < 0 || total < -1) {
			t.Errorf("%q: %d, %d", s, start, total)
		}
	})
}
