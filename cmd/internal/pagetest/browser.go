// Package pagetest drives pages in a Chromium without a window, which is this machine's or comes from Debian's packages. Nothing is asked
// of the network but what the pages ask for.
//
// It is for tests only.
package pagetest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// TB is what a Browser needs of a test.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Look is what a page is looked at with.
type Look struct {
	Width, Height int // in CSS pixels
	Dark          bool
	Shots         string // a folder for pictures; "" for none
}

// Browser is a Chromium with one page, which is told what to do through a pipe. Whatever cannot be done ends the test.
// https://chromedevtools.github.io/devtools-protocol/
type Browser struct {
	t       TB
	look    Look
	to      *os.File
	session string
	ends    []func()

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

// Have says why there is no browser; nil where there is one. The error is a *debiantest.MissingError.
func Have() error {
	_, _, err := find()
	return err
}

// find gives a browser's program: this machine's, or that of Debian's package.
func find() (debiantest.Program, string, error) {
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

// New starts a browser with an empty page. Close it.
func New(t TB, look Look) *Browser {
	t.Helper()
	b := &Browser{t: t, look: look, waits: map[int]chan reply{}, gone: make(chan struct{})}
	if err := b.start(); err != nil {
		b.Close()
		t.Fatalf("%v", err)
	}
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": look.Width, "height": look.Height, "deviceScaleFactor": 1, "mobile": false}, nil)
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	return b
}

// start starts the program in a folder of its own.
func (b *Browser) start() error {
	program, path, err := find()
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		return err
	}
	b.ends = append(b.ends, func() { os.RemoveAll(home) })
	in, to, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	from, out, err := os.Pipe()
	if err != nil {
		return errors.Join(err, to.Close())
	}
	defer out.Close()
	c := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+home,
		fmt.Sprintf("--window-size=%d,%d", b.look.Width, b.look.Height), "about:blank")
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8"}, program.Env()...)
	if program.Root != "" { // a machine that has no browser may have no fonts, and there is none without
		conf := filepath.Join(home, "fonts.conf")
		if err := os.WriteFile(conf, []byte("<fontconfig><dir>/usr/share/fonts</dir><dir>"+program.Root+"/usr/share/fonts</dir><cachedir>"+home+"/fonts</cachedir></fontconfig>"), 0o600); err != nil {
			return errors.Join(err, to.Close(), from.Close())
		}
		c.Env = append(c.Env, "FONTCONFIG_FILE="+conf)
	}
	c.ExtraFiles = []*os.File{in, out}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return errors.Join(err, to.Close(), from.Close())
	}
	b.to = to
	go b.listen(from)
	b.ends = append(b.ends, func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
		to.Close()
		<-b.gone
		from.Close()
	})
	return nil
}

// Close ends the browser, and waits for that.
func (b *Browser) Close() {
	for i := len(b.ends) - 1; i >= 0; i-- {
		b.ends[i]()
	}
	b.ends = nil
}

// listen takes in what the browser says until it is gone.
func (b *Browser) listen(from *os.File) {
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
func (b *Browser) call(method string, params, result any) {
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
		b.t.Fatalf("%v", err)
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
	case <-time.After(2 * time.Minute):
		b.t.Fatalf("%s: no answer", method)
	}
}

// Eval gives what an expression comes to in the page; promises are waited for.
func (b *Browser) Eval(expression string) any {
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

// Until waits in the page until an expression is true. It gives up after a minute.
func (b *Browser) Until(expression string) {
	b.t.Helper()
	ok := b.Eval(`new Promise(ok => { const end = Date.now() + 60000; const look = () => { let v; try { v = ` + expression + ` } catch {}
		if (v) ok(true); else if (Date.now() > end) ok(false); else setTimeout(look, 20) }; look() })`)
	if ok != true {
		b.Shoot("gave-up")
		b.t.Fatalf("never: %s\n%v\n%s", expression, b.Eval(`document.body.innerText`), strings.Join(b.Troubles(), "\n"))
	}
}

// Open goes to an address.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url}, nil)
}

// Fill writes a text into the field with a label, in place of what is there, as a person does.
func (b *Browser) Fill(label, text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(label)
	if b.Eval(`(() => { const l = [...document.querySelectorAll('label')].find(l => l.textContent.replace('*', '').trim() === `+string(quoted)+`); const f = l && (l.control || l.querySelector('input'));
		if (!f) return false; f.focus(); f.select(); return document.activeElement === f })()`) != true {
		b.t.Fatalf("there is no field %s to be written into", label)
	}
	b.call("Input.insertText", map[string]any{"text": text}, nil)
}

// Click clicks at the middle of an element.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	quoted, _ := json.Marshal(selector)
	at, _ := b.Eval(`(() => { const e = document.querySelector(` + string(quoted) + `); if (!e) return null; e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2] })()`).([]any)
	if at == nil {
		b.t.Fatalf("there is no %s to be clicked at", selector)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

// Key presses a key.
func (b *Browser) Key(name string, code int, text string) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": code, "text": text}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name, "code": name, "windowsVirtualKeyCode": code}, nil)
}

// Shoot writes a picture of the whole page where -shots says.
func (b *Browser) Shoot(name string) {
	b.t.Helper()
	if b.look.Shots == "" {
		return
	}
	var r struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "format": "png"}, &r)
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(b.look.Shots, name+".png"), data, 0o644)
	}
	if err != nil {
		b.t.Fatalf("%v", err)
	}
}

// Asked gives the addresses that the page has asked for.
func (b *Browser) Asked() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

// Troubles gives what the page complained of: errors of its own, answers that are errors, what its policy forbids.
func (b *Browser) Troubles() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.trouble)
}
