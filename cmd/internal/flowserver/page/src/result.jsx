import { Markdown } from 'markdown-to-jsx/react';
import { useState } from 'react';

const pictures = /\.(png|jpe?g|gif|webp|avif|svg)$/i;
const pages = /\.html?$/i;

// Result shows how a run ended: what is wrong, the widgets that a dashboard consists of, the files, and all of it as JSON.
export function Result({ run }) {
  const files = run.files || [];
  const [view, setView] = useState(null); // the widgets show the same one, as far as they have it
  const byRef = (text) => {
    if (typeof text !== 'string' || text.length > 4096) return null;
    const path = text.replace(/^file:\/\//, '');
    return files.find((f) => path === f.path || path === run.dir + '/' + f.path || (/^file:/.test(text) && safeDecode(path) === run.dir + '/' + f.path)) || null;
  };
  const shown = new Set();
  const widgets = [];
  collect(run.result, (w) => widgets.push(w));
  for (const w of widgets) for (const v of views(w)) if (byRef(v.value)) shown.add(byRef(v.value));
  const rest = files.filter((f) => !shown.has(f) && f.path !== 'result.json');
  return (
    <section className="card result" aria-labelledby="result-title" id="result" tabIndex={-1}>
      <h2 id="result-title">Result</h2>
      {run.error && (
        <div className="problem" role="alert">
          <pre>{run.error}</pre>
          {run.trace && (
            <details>
              <summary>Trace</summary>
              <pre>{Array.isArray(run.trace) ? run.trace.join('') : run.trace}</pre>
            </details>
          )}
        </div>
      )}
      {widgets.length > 0 && (
        <div className="widgets">
          {widgets.map((w, i) => (
            <Widget key={i} widget={w} byRef={byRef} view={view} choose={setView} />
          ))}
        </div>
      )}
      {rest.filter((f) => pages.test(f.path) || pictures.test(f.path)).map((f) => (
        <figure key={f.path}>
          <figcaption>{f.path}</figcaption>
          <Shown file={f} title={f.path} />
        </figure>
      ))}
      {!run.error &&
        (widgets.length > 0 ? (
          <details>
            <summary>As JSON</summary>
            <Json value={run.result} />
          </details>
        ) : (
          <Json value={run.result} />
        ))}
      {files.length > 0 && (
        <details>
          <summary>
            {files.length} {files.length === 1 ? 'file' : 'files'}
          </summary>
          <ul className="files">
            {files.map((f) => (
              <li key={f.path}>
                <a href={f.url} target="_blank" rel="noopener noreferrer">
                  {f.path}
                </a>{' '}
                <span>{size(f.size)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function safeDecode(s) {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

// collect finds widgets, wherever in a result they are.
function collect(v, found, depth = 0) {
  if (depth > 8 || typeof v !== 'object' || v === null) return;
  if (typeof v.widget_type === 'string') {
    found(v);
    return;
  }
  for (const x of Object.values(v)) collect(x, found, depth + 1);
}

// views gives what a widget shows: one thing, or one for each group.
function views(w) {
  if (Array.isArray(w.views)) return w.views.map((v) => ({ name: name(v.key ?? v.name), value: v.data ?? v.value }));
  if (w.views && typeof w.views === 'object') return Object.entries(w.views).map(([k, value]) => ({ name: name(k), value: value?.data ?? value }));
  return [{ name: '', value: w.data }];
}

function name(key) {
  if (key == null || key === '{}' || key === '') return 'all';
  return typeof key === 'string' ? key : JSON.stringify(key);
}

function Widget({ widget, byRef, view, choose }) {
  const all = views(widget);
  const at = Math.max(0, all.findIndex((v) => v.name === view));
  const v = all[at];
  const title = widget.title || widget.widget_type;
  const file = byRef(v?.value);
  const small = !file && typeof v?.value !== 'object' && widget.widget_type !== 'text' && widget.widget_type !== 'table' && String(v?.value).length < 40;
  return (
    <figure className={small ? '' : 'wide'}>
      <figcaption>
        {title}
        {all.length > 1 && (
          <select aria-label={`View of ${title}`} value={at} onChange={(e) => choose(all[+e.target.value].name)}>
            {all.map((o, i) => (
              <option key={i} value={i}>
                {o.name}
              </option>
            ))}
          </select>
        )}
      </figcaption>
      {file ? <Shown file={file} title={title} /> : <Value kind={widget.widget_type} value={v?.value} />}
    </figure>
  );
}

const markdown = {
  disableParsingRawHTML: true,
  forceBlock: true,
  overrides: { a: { props: { target: '_blank', rel: 'noopener noreferrer' } } },
};

// Value shows what a widget has that is no file. Texts and tables are Markdown.
function Value({ kind, value }) {
  if (typeof value === 'object' && value !== null) return <Json value={value} />;
  const text = String(value ?? '–');
  if (kind !== 'text' && kind !== 'table') return <p className="value">{text}</p>;
  return (
    <div className="text">
      <Markdown options={markdown}>{text}</Markdown>
    </div>
  );
}

// Shown shows a file. A page is strange code: it runs in a frame that can reach neither this page, nor the service, nor the network.
function Shown({ file, title }) {
  if (pages.test(file.path)) return <iframe src={file.url} title={title} sandbox="allow-scripts" loading="lazy" referrerPolicy="no-referrer" />;
  if (pictures.test(file.path)) return <img src={file.url} alt={title} loading="lazy" />;
  return (
    <a href={file.url} target="_blank" rel="noopener noreferrer">
      {file.path}
    </a>
  );
}

const longest = 200_000;

function Json({ value }) {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return (
    <pre className="json" tabIndex={0}>
      {text.length > longest ? text.slice(0, longest) + '\n… the rest is in result.json' : text}
    </pre>
  );
}

function size(n) {
  if (n < 1000) return `${n} bytes`;
  if (n < 1e6) return `${(n / 1e3).toFixed(1)} kB`;
  return `${(n / 1e6).toFixed(1)} MB`;
}
