package flowserver

import (
	"context"
	"strings"
	"testing"
)

// TestPage drives the page in a browser: wrong values, a run with its states and its result, one that fails, one that is stopped.
func TestPage(t *testing.T) {
	const token = "0123456789abcdef"
	h := newHarness(t, func(o *Options) { o.Token = token })
	b := newBrowser(t, 1280, 900, false)
	b.open(h.http.URL + "/#token=" + token)
	b.until(`document.querySelector('h1').textContent === 'Patrols'`)
	if at := b.eval(`location.href`); at != h.http.URL+"/" {
		t.Errorf("the token is to be seen: %v", at)
	}
	b.until(`[...document.querySelectorAll('legend')].some(l => l.textContent.includes('Where and when'))`)
	b.shoot("form")

	// What is missing is said at its field, and goes away when it is there.
	b.click("#run")
	b.until(`document.getElementById('errors').innerText.includes('Where and when › Area › Name')`)
	b.until(`document.querySelector('.errors').innerText === 'a value is needed here'`)
	if b.eval(`document.querySelector('input[aria-describedby*=__error]') !== null`) != true {
		t.Error("a reader of the screen is not told what is wrong with the field")
	}
	b.shoot("errors")
	b.fill("Name", "Mara")
	b.until(`!document.getElementById('errors')`)

	// A run, by the keyboard.
	b.fill("Name", "Mara Triangle")
	b.key("Enter", 13, "\r")
	b.until(`document.getElementById('state').dataset.state === 'done'`)
	b.until(`[...document.querySelectorAll('.tasks li')].map(e => e.dataset.state).join() === 'done,skipped,done'`)
	b.until(`[...document.getElementById('graph').shadowRoot.querySelectorAll('g[id]')].map(e => e.dataset.state).join() === 'done,skipped,done'`)
	b.until(`document.querySelector('pre.json').innerText.includes('Patrols in Mara Triangle')`)
	b.until(`document.querySelector('.value').innerText === '7'`)
	b.until(`document.querySelector('.text em').innerText === 'words' && document.querySelector('.text td').innerText === '1' && !document.querySelector('.text img')`)
	if b.eval(`window.hurt`) != nil {
		t.Error("a program in the drawing was run")
	}
	b.eval(`document.querySelector('iframe').scrollIntoView()`)
	b.until(`document.querySelector('iframe').sandbox.value === 'allow-scripts'`)
	b.shoot("done")
	// The page asks nobody but the service, and neither it nor what a result holds breaks its policy, but for the result that tries to.
	b.mu.Lock()
	for _, url := range b.asked {
		if !strings.HasPrefix(url, h.http.URL+"/") && !strings.HasPrefix(url, "blob:") && !strings.HasPrefix(url, "data:") {
			t.Error("asks for", url)
		}
	}
	for _, what := range b.trouble {
		if !strings.Contains(what, "422") && !strings.Contains(what, "/files/") && !strings.Contains(what, "about:srcdoc") {
			t.Error(what)
		}
	}
	b.mu.Unlock()

	// A page that is loaded again finds its run.
	b.call("Page.reload", nil, nil)
	b.until(`document.getElementById('state').dataset.state === 'done' && document.querySelectorAll('.tasks li').length === 3`)

	b.fill("Name", "fail")
	b.click("#run")
	b.until(`document.querySelector('.result .problem pre').innerText.includes("ValueError('no paper')")`)
	if b.eval(`document.querySelector('.result details').open`) != false || b.eval(`document.querySelector('pre.json')`) != nil {
		t.Error("the trace is unfolded, or there is a result of another run")
	}
	b.shoot("failed")

	b.fill("Name", "stay")
	b.click("#run")
	b.until(`document.querySelector('.log').textContent.includes('deaf')`)
	b.click("#stop")
	b.until(`document.getElementById('state').dataset.state === 'stopped'`)

	// A workflow that has changed is shown when one asks for it.
	h.version.Store("2")
	b.until(`document.querySelector('.banner').innerText.includes('has changed')`)
	b.click(".banner button")
	b.until(`!document.querySelector('.banner')`)
	if b.eval(`[...document.querySelectorAll('input')].some(e => e.value === 'stay')`) != true {
		t.Error("what was typed is gone")
	}

	h.s.Close(context.Background())
	b.until(`document.querySelector('.banner') || document.body.innerText.includes('about to end')`)
}

// TestPageSmall: on a phone's screen nothing is wider than it, and every field has a name.
func TestPageSmall(t *testing.T) {
	h := newHarness(t, nil)
	b := newBrowser(t, 400, 800, true)
	b.open(h.http.URL)
	b.until(`document.querySelector('h1').textContent === 'Patrols'`)
	b.fill("Name", "Mara")
	b.click("#run")
	b.until(`document.getElementById('state').dataset.state === 'done'`)
	b.until(`document.querySelector('pre.json')`)
	if w := b.eval(`document.documentElement.scrollWidth`); w != 400.0 {
		t.Error("the page is", w, "wide")
	}
	nameless := b.eval(`[...document.querySelectorAll('input, select, textarea, button')].filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML).join('\n')`)
	if nameless != "" {
		t.Error("fields without a name:", nameless)
	}
	b.shoot("small-dark")
}
