package flowserver

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

var shots = flag.String("shots", "", "write pictures of the page into this `folder`")

// browser is a Chromium without a window, which is told what to do through a pipe.
// https://chromedevtools.github.io/devtools-protocol/
type browser struct {
	t       *testing.T
	to      *os.File
	session string

	mu      sync.Mutex
	last    int
	waits   map[int]chan reply
	asked   []string // what the page has asked the network for
	trouble []string // what the page has to say of itself that is no good
	gone    chan struct{}
}

// reply is what comes through the pipe: an answer, or an event.
type reply struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// findBrowser gives a browser's program: this machine's, or that of Debian's package.
func findBrowser() (debiantest.Program, string, error) {
	if p, err := exec.LookPath("chromium"); err == nil {
		return debiantest.Program{Path: p}, p, nil
	}
	p, err := debiantest.Find("chromium-headless-shell", "chromium-headless-shell")
	path := p.Path
	if p.Root != "" { // what is in bin names a place where it is not
		path = filepath.Join(p.Root, "usr/lib/chromium/chromium-headless-shell")
	}
	return p, path, err
}

// newBrowser starts a browser with an empty page of some size, in CSS pixels.
func newBrowser(t *testing.T, width, height int, dark bool) *browser {
	t.Helper()
	program, path, err := findBrowser()
	var missing *debiantest.MissingError
	if errors.As(err, &missing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	ours, theirs := pipe(t), pipe(t)
	args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir=" + t.TempDir(), fmt.Sprintf("--window-size=%d,%d", width, height), "about:blank"}
	c := exec.Command(path, args...)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8"}, program.Env()...)
	c.ExtraFiles = []*os.File{ours[0], theirs[1]}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ours[0].Close()
	theirs[1].Close()
	b := &browser{t: t, to: ours[1], waits: map[int]chan reply{}, gone: make(chan struct{})}
	go b.listen(theirs[0])
	t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
		ours[1].Close()
		<-b.gone
		theirs[0].Close()
		if t.Failed() {
			t.Logf("the browser said:\n%s", said.String())
		}
	})
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	return b
}

func pipe(t *testing.T) [2]*os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return [2]*os.File{r, w}
}

// listen takes in what the browser says until it is gone.
func (b *browser) listen(from *os.File) {
	defer close(b.gone)
	in := bufio.NewReader(from)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(bytes.TrimRight(text, "\x00"), &r) != nil {
			continue
		}
		b.mu.Lock()
		switch r.Method {
		case "":
			if wait := b.waits[r.ID]; wait != nil {
				wait <- r
				delete(b.waits, r.ID)
			}
		case "Network.requestWillBeSent":
			var p struct{ Request struct{ URL string } }
			_ = json.Unmarshal(r.Params, &p)
			b.asked = append(b.asked, p.Request.URL)
		case "Runtime.exceptionThrown", "Log.entryAdded":
			b.trouble = append(b.trouble, string(r.Params))
		}
		b.mu.Unlock()
	}
}

// call has the browser do something, and waits for the answer.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	wait := make(chan reply, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waits[id] = wait
	b.mu.Unlock()
	message := map[string]any{"id": id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: the browser is gone: %v", method, err)
	}
	select {
	case r := <-wait:
		if r.Error != nil {
			b.t.Fatalf("%s: %s", method, r.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(r.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-b.gone:
		b.t.Fatalf("%s: the browser is gone", method)
	case <-b.t.Context().Done():
		b.t.Fatalf("%s: %v", method, b.t.Context().Err())
	}
}

// eval gives what an expression comes to in the page; promises are waited for.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	return r.Result.Value
}

// until waits in the page until an expression is true. It gives up after a minute.
func (b *browser) until(expression string) {
	b.t.Helper()
	ok := b.eval(`new Promise(ok => { const end = Date.now() + 60000; const look = () => { let v; try { v = ` + expression + ` } catch {}
		if (v) ok(true); else if (Date.now() > end) ok(false); else setTimeout(look, 20) }; look() })`)
	if ok != true {
		b.shoot("gave-up")
		b.t.Fatalf("never: %s\n%v\n%s", expression, b.eval(`document.body.innerText`), b.troubles())
	}
}

// open goes to an address.
func (b *browser) open(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url}, nil)
}

// fill writes a text into the field with a label, in place of what is there, as a person does.
func (b *browser) fill(label, text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(label)
	if b.eval(`(() => { const l = [...document.querySelectorAll('label')].find(l => l.textContent.replace('*', '').trim() === `+string(quoted)+`); const f = l && (l.control || l.querySelector('input'));
		if (!f) return false; f.focus(); f.select(); return document.activeElement === f })()`) != true {
		b.t.Fatalf("there is no field %s to be written into", label)
	}
	b.call("Input.insertText", map[string]any{"text": text}, nil)
}

// click clicks at the middle of an element.
func (b *browser) click(selector string) {
	b.t.Helper()
	quoted, _ := json.Marshal(selector)
	at, _ := b.eval(`(() => { const e = document.querySelector(` + string(quoted) + `); if (!e) return null; e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2] })()`).([]any)
	if at == nil {
		b.t.Fatalf("there is no %s to be clicked at", selector)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

// key presses a key.
func (b *browser) key(name string, code int, text string) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": code, "text": text}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name, "code": name, "windowsVirtualKeyCode": code}, nil)
}

// shoot writes a picture of the whole page where -shots says.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	var r struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "format": "png"}, &r)
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, name+".png"), data, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// troubles gives what the page complained of.
func (b *browser) troubles() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.trouble, "\n")
}
