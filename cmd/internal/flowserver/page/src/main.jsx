import { useCallback, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ask, listen, Refused, setToken } from './api.js';
import { fieldErrors, said as inWords, titles } from './errors.js';
import ParamsForm from './form.jsx';
import { Graph, Tasks, time } from './graph.jsx';
import { Result } from './result.jsx';
import './style.css';

const nothing = new Map();
const oneRun = { id: '', state: '', tasks: nothing, log: [], total: 0 };
const lines = 2000;

function App() {
  const [flow, setFlow] = useState(null);
  const [trouble, setTrouble] = useState(null); // that the page cannot do without
  const [news, setNews] = useState(null); // of the workflow
  const load = useCallback(() => {
    ask('GET', 'workflow').then(
      (f) => {
        setFlow(f);
        setTrouble(null);
        setNews(null);
        document.title = f.title;
      },
      (e) => setTrouble(e),
    );
  }, []);
  useEffect(load, [load]);
  useEffect(() => {
    if (!flow) return;
    let timer;
    let busy = false;
    const look = async () => {
      if (document.visibilityState !== 'visible' || busy) return;
      busy = true;
      try {
        const s = await ask('GET', 'state');
        setNews(s.problem ? { problem: s.problem } : s.version !== flow.version ? { changed: true } : null);
      } catch (e) {
        setNews(e instanceof Refused ? { problem: e.message } : { gone: true });
      }
      busy = false;
    };
    timer = setInterval(look, 3000);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [flow]);
  if (trouble?.status === 401) return <Token again={load} />;
  if (trouble) {
    return (
      <main className="alone">
        <div className="problem" role="alert">
          <pre>{trouble instanceof Refused ? trouble.message : 'The service does not answer.'}</pre>
        </div>
        <button type="button" onClick={load}>
          Try again
        </button>
      </main>
    );
  }
  if (!flow) return <main className="alone">Asking for the workflow …</main>;
  return (
    <>
      <header>
        <h1>{flow.title}</h1>
        <p className="label">{flow.label}</p>
      </header>
      <div role="status">
        {news?.changed && (
          <div className="banner">
            The workflow has changed.{' '}
            <button type="button" className="small" onClick={load}>
              Show the new one
            </button>
          </div>
        )}
        {news?.problem && (
          <div className="banner bad">
            The workflow has changed and cannot be built; this is the one before.
            <details>
              <summary>Why</summary>
              <pre>{news.problem}</pre>
            </details>
          </div>
        )}
        {news?.gone && <div className="banner bad">The service does not answer. What is typed here is kept.</div>}
      </div>
      <Workbench flow={flow} />
    </>
  );
}

function Token({ again }) {
  return (
    <main className="alone">
      <form
        className="card"
        onSubmit={(e) => {
          e.preventDefault();
          setToken(new FormData(e.target).get('token').trim());
          again();
        }}
      >
        <label htmlFor="token">The token, which is in the address that cairn has printed</label>
        <input id="token" name="token" type="password" autoComplete="off" required />
        <button type="submit">Open</button>
      </form>
    </main>
  );
}

function Workbench({ flow }) {
  const [value, setValue] = useState(() => typed(flow.label));
  const [wrong, setWrong] = useState(null);
  const [mode, setMode] = useState(flow.modes[0]);
  const [mock, setMock] = useState(false);
  const [run, setRun] = useState(oneRun);
  const [said, setSaid] = useState('');
  const form = useRef(null);
  const listening = useRef(null);
  const io = !flow.tasks || flow.tasks.some((t) => t.io);
  const alive = run.state === 'running' || run.state === 'starting';

  // follow shows a run as it goes.
  const follow = useCallback((id) => {
    listening.current?.abort();
    const stop = new AbortController();
    listening.current = stop;
    sessionStorage.setItem('cairn-run', id);
    const tasks = new Map((flow.tasks || []).map((t) => [t.id, { id: t.id, name: t.name, state: 'waiting' }]));
    const log = [];
    let now = { ...oneRun, id, state: 'running', tasks: new Map(tasks), total: tasks.size };
    let waits = false;
    const show = () => {
      waits = false;
      now = { ...now, tasks: new Map(tasks), log: log.slice(-lines) };
      if (listening.current === stop) setRun(now);
    };
    const tell = (name, e) => {
      if (name === 'task') {
        const was = tasks.get(e.id);
        tasks.set(e.id, { ...was, ...e, name: e.name || was?.name });
        now.total = e.total || now.total;
      } else if (name === 'log') {
        log.push(e.text);
      } else if (name === 'end') {
        Object.assign(now, e);
      }
      if (!waits) {
        waits = true;
        setTimeout(show, 30); // many at once are shown at once, in a tab that is not seen as well
      }
    };
    setRun(now);
    listen(id, tell, stop.signal).catch((e) => {
      if (stop.signal.aborted) return;
      sessionStorage.removeItem('cairn-run');
      setRun(e.status === 404 ? oneRun : { ...now, state: 'lost' });
    });
  }, [flow.tasks]);
  useEffect(() => {
    const id = sessionStorage.getItem('cairn-run');
    if (id) follow(id);
    return () => listening.current?.abort();
  }, []);

  useEffect(() => sessionStorage.setItem(typedKey(flow.label), JSON.stringify(value)), [flow.label, value]);

  const ended = run.state === 'done' || run.state === 'failed' || run.state === 'stopped';
  const wasAlive = useRef(false);
  useEffect(() => {
    if (ended && wasAlive.current) document.getElementById('result')?.scrollIntoView({ block: 'nearest' });
    wasAlive.current = alive;
  }, [alive, ended]);

  const refuse = useCallback((e) => {
    if (e.fields) {
      setWrong(inWords(e.fields));
      return;
    }
    setSaid(e instanceof Refused ? e.message + (e.hint ? ' ' + e.hint : '') : 'The service does not answer.');
  }, []);

  // Once values were refused, each change is looked at, so that one sees when it is right.
  useEffect(() => {
    if (!wrong) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      ask('POST', 'params', { formdata: value }, stop.signal).then(
        () => setWrong(null),
        (e) => e.fields && setWrong(inWords(e.fields)),
      );
    }, 400);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [value, wrong !== null]);

  const start = useCallback(async () => {
    setSaid('');
    setRun({ ...oneRun, state: 'starting' });
    try {
      const r = await ask('POST', 'runs', { formdata: value, execution_mode: mode, mock_io: mock, version: flow.version });
      setWrong(null);
      follow(r.id);
    } catch (e) {
      setRun(oneRun);
      refuse(e);
      if (e.fields) requestAnimationFrame(() => document.getElementById('errors')?.focus());
    }
  }, [value, mode, mock, follow, refuse, flow.version]);

  const stopRun = () => ask('DELETE', 'runs/' + run.id).catch(refuse);

  const params = async (then) => {
    setSaid('');
    try {
      const p = await ask('POST', 'params', { formdata: value });
      setWrong(null);
      await then(p);
    } catch (e) {
      refuse(e);
    }
  };
  const save = (what) => params((p) => download(`${flow.id}-params.${what}`, what === 'yaml' ? p.yaml : JSON.stringify(p.params, null, 2) + '\n'));
  const copy = () =>
    params(async (p) => {
      const words = ['run', '--config-json', JSON.stringify(p.params), '--execution-mode', mode, ...(mock ? ['--mock-io'] : [])];
      const text = 'WT_RESULTS=./results ' + [...flow.command, ...words].map(quote).join(' ');
      try {
        await navigator.clipboard.writeText(text);
        setSaid('The command line is on the clipboard.');
      } catch {
        setSaid(text);
      }
    });
  const open = async (e) => {
    const file = e.target.files[0];
    e.target.value = '';
    if (!file) return;
    setSaid('');
    try {
      const r = await ask('POST', 'formdata', await file.text());
      setValue(r.formdata);
      setWrong(null);
      setSaid(`The values are those of ${file.name}.`);
    } catch (e) {
      if (e.fields) setSaid(`${file.name}: ` + e.fields.map((f) => [...f.path, f.message].join(': ')).join('; '));
      else refuse(e);
    }
  };

  return (
    <main className="bench">
      <section className="card" aria-labelledby="params-title">
        <div className="head">
          <h2 id="params-title">Parameters</h2>
          <div className="tools">
            <label className="button small">
              Load
              <input type="file" className="hidden" accept=".yaml,.yml,.json" onChange={open} aria-label="Load values from a YAML or JSON file" />
            </label>
            <button type="button" className="small" onClick={() => save('yaml')} aria-label="Save YAML: the values as a file">
              Save YAML
            </button>
            <button type="button" className="small" onClick={() => save('json')} aria-label="Save JSON: the values as a file">
              Save JSON
            </button>
            <button type="button" className="small" onClick={copy}>
              Copy command
            </button>
          </div>
        </div>
        {wrong && (
          <div className="problem" id="errors" role="alert" tabIndex={-1}>
            <p>The workflow does not take these values:</p>
            <ul>
              {wrong.map((e, i) => (
                <li key={i}>
                  <b>{titles(e.path, flow.rjsf).join(' › ')}</b> {e.message}
                </li>
              ))}
            </ul>
          </div>
        )}
        <ParamsForm ref={form} rjsf={flow.rjsf} value={value} errors={wrong ? fieldErrors(wrong) : undefined} onChange={setValue} onSubmit={start} />
        {Object.keys(flow.rjsf.properties || {}).length === 0 && <p className="quiet">This workflow has no parameters.</p>}
      </section>
      <div className="side">
        <section className="card run" aria-labelledby="run-title">
          <h2 id="run-title">Run</h2>
          <div className="controls">
            <label>
              Mode{' '}
              <select id="mode" value={mode} onChange={(e) => setMode(e.target.value)}>
                {flow.modes.map((m) => (
                  <option key={m}>{m}</option>
                ))}
              </select>
            </label>
            <label className="check" hidden={!io}>
              <input id="mock" type="checkbox" checked={mock} onChange={(e) => setMock(e.target.checked)} /> Example data in place of I/O
            </label>
            {alive ? (
              <button type="button" id="stop" className="stop" onClick={stopRun} disabled={!run.id}>
                Stop
              </button>
            ) : (
              <button type="submit" form="params" id="run" className="primary">
                Run
              </button>
            )}
          </div>
          <Progress run={run} />
          <p className="said" id="said" role="status">
            {said}
          </p>
          <Tasks tasks={run.tasks} />
          {run.log.length > 0 && (
            <details>
              <summary>Output</summary>
              <pre className="log" tabIndex={0}>
                {run.log.join('\n')}
              </pre>
            </details>
          )}
        </section>
        {flow.graph && <Graph svg={flow.graph} tasks={run.tasks} />}
        {ended && <Result run={run} />}
      </div>
    </main>
  );
}

const typedKey = (label) => 'cairn-values ' + label;

// typed gives what was in the form when the page was left.
function typed(label) {
  try {
    return JSON.parse(sessionStorage.getItem(typedKey(label))) || {};
  } catch {
    return {};
  }
}

function Progress({ run }) {
  if (!run.state) return null;
  const over = [...run.tasks.values()].filter((t) => t.state !== 'started' && t.state !== 'waiting').length;
  const words = {
    starting: 'Looking at the values …',
    running: run.total && over ? `${over} of ${run.total} tasks` : 'Starting …',
    done: `Done in ${time(run.seconds || 0)}`,
    failed: `Failed after ${time(run.seconds || 0)}`,
    stopped: 'Stopped',
    lost: 'The service does not answer, and nobody knows how the run goes.',
  };
  return (
    <div className="progress" data-state={run.state} id="state">
      {(run.state === 'running' || run.state === 'starting') && <progress aria-label="Tasks that are over" max={run.total || 1} value={over || undefined} />}
      <span role="status">{words[run.state]}</span>
    </div>
  );
}

function quote(w) {
  return /^[\w@%+=:,./-]+$/.test(w) ? w : `'${w.replaceAll("'", "'\\''")}'`;
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text]));
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

createRoot(document.getElementById('page')).render(<App />);
