import { useEffect, useRef, useState } from 'react';

const words = { waiting: 'waiting', started: 'running', done: 'done', skipped: 'skipped', failed: 'failed' };

// states is what each task's state looks like. It comes after the drawing's own style; the colours are the page's.
const states = `:host{display:block}
svg{display:block}
:host(.fit) svg{height:auto;max-height:32rem;max-width:100%;margin:0 auto}
.paper{fill:transparent}
.node .box{transition:stroke .2s}
[data-state=started] .box{stroke:var(--run);stroke-width:3}
[data-state=started] .head{fill:var(--run-back)}
[data-state=done] .box{stroke:var(--done);stroke-width:2}
[data-state=done] .head{fill:var(--done-back)}
[data-state=skipped] .box{stroke:var(--skip);stroke-dasharray:4 3}
[data-state=skipped]{opacity:.6}
[data-state=failed] .box{stroke:var(--bad);stroke-width:4}
[data-state=failed] .head{fill:var(--fail-back)}
@media (prefers-reduced-motion:reduce){.node .box{transition:none}}`;

// drawing reads an SVG and keeps what shapes and words need: no programs, and nothing from elsewhere.
function drawing(svg) {
  const styles = [];
  const bare = svg.replace(/<style[^>]*>([^]*?)<\/style>/g, (_, text) => { // the page's policy lets no parser see one
    styles.push(text.replace(/^\s*<!\[CDATA\[|\]\]>\s*$/g, ''));
    return '';
  });
  const doc = new DOMParser().parseFromString(bare, 'image/svg+xml');
  const root = doc.documentElement;
  if (root.localName !== 'svg' || doc.querySelector('parsererror')) return null;
  for (const e of root.querySelectorAll('script, style, foreignObject, iframe, image, use, a, animate, animateMotion, animateTransform, set')) e.remove();
  for (const e of [root, ...root.querySelectorAll('*')]) {
    for (const a of [...e.attributes]) {
      if (/^on/i.test(a.name) || /href$/i.test(a.name) || a.name === 'style') e.removeAttribute(a.name);
    }
  }
  return { root: document.importNode(root, true), style: styles.join('\n') };
}

// Graph shows the workflow's drawing and lays each task's state over it.
export function Graph({ svg, tasks }) {
  const host = useRef(null);
  const box = useRef(null);
  const [fit, setFit] = useState(true);
  useEffect(() => {
    const first = !fit && host.current.shadowRoot?.querySelector('g.node');
    if (!first) return;
    const [at, frame] = [first.getBoundingClientRect(), box.current.getBoundingClientRect()];
    box.current.scrollTop += at.top - frame.top - frame.height / 3;
    box.current.scrollLeft += at.left - frame.left - 20;
  }, [fit]);
  useEffect(() => {
    const inner = host.current.shadowRoot || host.current.attachShadow({ mode: 'open' });
    const drawn = drawing(svg);
    if (!drawn) {
      inner.replaceChildren();
      return;
    }
    inner.adoptedStyleSheets = [drawn.style, states].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    drawn.root.setAttribute('aria-label', 'The tasks and what they need of each other. The list of tasks tells their states.');
    inner.replaceChildren(drawn.root);
  }, [svg]);
  useEffect(() => {
    for (const n of host.current.shadowRoot?.querySelectorAll('g[id]') || []) {
      const state = tasks.get(n.id)?.state || 'waiting';
      if (n.getAttribute('data-state') !== state) n.setAttribute('data-state', state);
    }
  }, [svg, tasks]);
  return (
    <section className="card" aria-labelledby="graph-title">
      <div className="head">
        <h2 id="graph-title">Graph</h2>
        <button type="button" className="small" aria-pressed={!fit} onClick={() => setFit(!fit)}>
          {fit ? 'Actual size' : 'Fit the width'}
        </button>
      </div>
      <div className="graph" ref={box} tabIndex={0} role="group" aria-label="Graph; it can be scrolled">
        <div ref={host} id="graph" className={fit ? 'fit' : ''} />
      </div>
    </section>
  );
}

// Tasks lists what has been heard of each task.
export function Tasks({ tasks }) {
  const list = useRef(null);
  useEffect(() => {
    const now = list.current?.querySelector('[data-state=started]');
    if (now) list.current.scrollTop = now.offsetTop - list.current.offsetTop - list.current.clientHeight / 2;
  }, [tasks]);
  if (tasks.size === 0) return null;
  return (
    <ol className="tasks" aria-label="Tasks" ref={list} tabIndex={0}>
      {[...tasks.values()].map((t) => (
        <li key={t.id} data-state={t.state}>
          <span className="dot" aria-hidden="true" />
          <span className="name">{t.name || t.id}</span>
          <span className="what">
            {words[t.state] || t.state}
            {t.seconds != null && t.state !== 'started' && t.state !== 'skipped' ? ` · ${time(t.seconds)}` : ''}
          </span>
        </li>
      ))}
    </ol>
  );
}

export function time(s) {
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 100) return `${s.toFixed(1)} s`;
  return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}
