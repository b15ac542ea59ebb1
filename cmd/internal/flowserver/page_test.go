package flowserver

import (
	"context"
	"flag"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/cmd/internal/pagetest"
)

var shots = flag.String("shots", "", "write pictures of the page into this `folder`")

// browse starts a browser for a test, or skips the test where there is none.
func browse(t *testing.T, look pagetest.Look) *pagetest.Browser {
	t.Helper()
	if err := pagetest.Have(); err != nil {
		t.Skip(err)
	}
	look.Shots = *shots
	b := pagetest.New(t, look)
	t.Cleanup(b.Close)
	return b
}

// TestPage drives the page in a browser: wrong values, a run with its states and its result, one that fails, one that is stopped.
func TestPage(t *testing.T) {
	const token = "0123456789abcdef"
	h := newHarness(t, func(o *Options) { o.Token = token })
	b := browse(t, pagetest.Look{Width: 1280, Height: 900})
	b.Open(h.http.URL + "/#token=" + token)
	b.Until(`document.querySelector('h1').textContent === 'Patrols'`)
	if at := b.Eval(`location.href`); at != h.http.URL+"/" {
		t.Errorf("the token is to be seen: %v", at)
	}
	b.Until(`[...document.querySelectorAll('legend')].some(l => l.textContent.includes('Where and when'))`)
	b.Shoot("form")

	// What is missing is said at its field, and goes away when it is there.
	b.Click("#run")
	b.Until(`document.getElementById('errors').innerText.includes('Where and when › Area › Name')`)
	b.Until(`document.querySelector('.errors').innerText === 'a value is needed here'`)
	if b.Eval(`document.querySelector('input[aria-describedby*=__error]') !== null`) != true {
		t.Error("a reader of the screen is not told what is wrong with the field")
	}
	b.Shoot("errors")
	b.Fill("Name", "Mara")
	b.Until(`!document.getElementById('errors')`)

	// A run, by the keyboard.
	b.Fill("Name", "Mara Triangle")
	b.Key("Enter", 13, "\r")
	b.Until(`document.getElementById('state').dataset.state === 'done'`)
	b.Until(`[...document.querySelectorAll('.tasks li')].map(e => e.dataset.state).join() === 'done,skipped,done'`)
	b.Until(`[...document.getElementById('graph').shadowRoot.querySelectorAll('g[id]')].map(e => e.dataset.state).join() === 'done,skipped,done'`)
	b.Until(`document.querySelector('pre.json').textContent.includes('Patrols in Mara Triangle')`)
	b.Until(`document.querySelector('.value').innerText === '7'`)
	b.Until(`document.querySelector('.text em').innerText === 'words' && document.querySelector('.text td').innerText === '1' && !document.querySelector('.text img')`)
	b.Eval(`(() => { const s = document.querySelector('.widgets select'); s.focus() })()`)
	b.Key("ArrowDown", 40, "")
	b.Until(`[...document.querySelectorAll('.value')].map(e => e.innerText).join() === '7,4,8'`)
	if b.Eval(`window.hurt`) != nil {
		t.Error("a program in the drawing was run")
	}
	b.Eval(`document.querySelector('iframe').scrollIntoView()`)
	b.Until(`document.querySelector('iframe').sandbox.value === 'allow-scripts'`)
	b.Shoot("done")
	// The page asks nobody but the service, and neither it nor what a result holds breaks its policy, but for the result that tries to.
	for _, url := range b.Asked() {
		if !strings.HasPrefix(url, h.http.URL+"/") && !strings.HasPrefix(url, "blob:") && !strings.HasPrefix(url, "data:") {
			t.Error("asks for", url)
		}
	}
	for _, what := range b.Troubles() {
		if !strings.Contains(what, "422") && !strings.Contains(what, "/files/") && !strings.Contains(what, "about:srcdoc") {
			t.Error(what)
		}
	}

	// A page that is loaded again finds its run, and what was typed.
	b.Open(h.http.URL)
	b.Until(`document.getElementById('state').dataset.state === 'done' && document.querySelectorAll('.tasks li').length === 3`)
	b.Until(`[...document.querySelectorAll('input')].some(e => e.value === 'Mara Triangle')`)

	// Values come from a file and go into one, and onto a command line.
	b.Eval(`(() => { const d = new DataTransfer(); d.items.add(new File(['area: {name: "Tsavo\'s"}\nspan: {days: 30}\ndraw: {shape: {width: 2.5}}\n'], 'params.yaml'));
		const f = document.querySelector('input[type=file]'); f.files = d.files; f.dispatchEvent(new Event('change', {bubbles: true})) })()`)
	b.Until(`document.getElementById('said').innerText === 'The values are those of params.yaml.' && [...document.querySelectorAll('input')].some(e => e.value === '30')`)
	b.Until(`[...document.querySelectorAll('select')].some(e => e.selectedOptions[0].innerText === 'Box') && [...document.querySelectorAll('input')].some(e => e.value === '2.5')`)
	b.Eval(`URL.createObjectURL = blob => { blob.text().then(t => { window.saved = t }); return 'blob:nothing' }`)
	b.Click(`button[aria-label^="Save YAML"]`)
	b.Until(`window.saved.startsWith('area:\n  name: "Tsavo\'s"\nspan:\n  days: 30\n')`)
	b.Eval(`navigator.clipboard.writeText = async t => { window.copied = t }`)
	b.Click(`.tools button:last-child`)
	b.Until(`window.copied.startsWith("WT_RESULTS=./results cairn run //patrols:flow -- run --config-json '{\"area\":{\"name\":\"Tsavo'\\''s\"}")`)

	b.Fill("Name", "fail")
	b.Click("#run")
	b.Until(`document.querySelector('.result .problem pre').innerText.includes("ValueError('no paper')")`)
	if b.Eval(`document.querySelector('.result details').open`) != false || b.Eval(`document.querySelector('pre.json')`) != nil {
		t.Error("the trace is unfolded, or there is a result of another run")
	}
	b.Shoot("failed")

	b.Fill("Name", "stay")
	b.Click("#run")
	b.Until(`document.querySelector('.log').textContent.includes('deaf')`)
	b.Click("#stop")
	b.Until(`document.getElementById('state').dataset.state === 'stopped'`)

	// A workflow that has changed is shown when one asks for it.
	h.version.Store("2")
	b.Until(`document.querySelector('.banner').innerText.includes('has changed')`)
	b.Click(".banner button")
	b.Until(`!document.querySelector('.banner')`)
	if b.Eval(`[...document.querySelectorAll('input')].some(e => e.value === 'stay')`) != true {
		t.Error("what was typed is gone")
	}

	h.s.Close(context.Background())
	b.Until(`document.querySelector('.banner') || document.body.innerText.includes('about to end')`)
}

// TestPageSmall: on a phone's screen nothing is wider than it, and every field has a name.
func TestPageSmall(t *testing.T) {
	h := newHarness(t, nil)
	b := browse(t, pagetest.Look{Width: 400, Height: 800, Dark: true})
	b.Open(h.http.URL)
	b.Until(`document.querySelector('h1').textContent === 'Patrols'`)
	b.Fill("Name", "Mara")
	b.Click("#run")
	b.Until(`document.getElementById('state').dataset.state === 'done'`)
	b.Until(`document.querySelector('pre.json')`)
	if w := b.Eval(`document.documentElement.scrollWidth`); w != 400.0 {
		t.Error("the page is", w, "wide")
	}
	nameless := b.Eval(`[...document.querySelectorAll('input, select, textarea, button')].filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML).join('\n')`)
	if nameless != "" {
		t.Error("fields without a name:", nameless)
	}
	b.Shoot("small-dark")
}
