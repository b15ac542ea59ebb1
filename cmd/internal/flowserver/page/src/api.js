// What the page asks the service. Addresses are relative, so that a proxy may serve it below a path.

const kept = 'cairn-token';

// The token comes behind the address's #, which no server and no other page sees, and goes out of sight. Each tab keeps its own.
const given = /^#token=([!-~]+)$/.exec(location.hash);
if (given) {
  sessionStorage.setItem(kept, given[1]);
  history.replaceState(null, '', location.pathname);
}

export function setToken(t) {
  sessionStorage.setItem(kept, t);
}

// Refused is an answer that is an error: the problem's detail, and the errors of fields where it has some.
export class Refused extends Error {
  constructor(status, body) {
    super(typeof body.detail === 'string' ? body.detail : 'Some values are not what the workflow takes.');
    this.status = status;
    this.hint = body.hint;
    this.fields = Array.isArray(body.detail) ? body.detail : null;
  }
}

function request(method, path, body, signal, more) {
  const headers = { ...more };
  const token = sessionStorage.getItem(kept);
  if (token) headers.Authorization = 'Bearer ' + token;
  if (body !== undefined && typeof body !== 'string') {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(body);
  } else if (body !== undefined) {
    headers['Content-Type'] = 'text/plain';
  }
  return fetch('api/' + path, { method, headers, body, signal, cache: 'no-store', credentials: 'omit' });
}

// ask gives what is answered; a Refused or, where the service is gone, a TypeError is thrown.
export async function ask(method, path, body, signal) {
  const r = await request(method, path, body, signal);
  let v = {};
  try {
    v = await r.json();
  } catch {
    v = { detail: `The service answered ${r.status}.` };
  }
  if (!r.ok) throw new Refused(r.status, v);
  return v;
}

// listen tells each event of a run, comes back where the connection breaks, and returns at the run's end.
export async function listen(run, tell, signal) {
  let last = '';
  for (let fails = 0; ; ) {
    try {
      const r = await request('GET', `runs/${run}/events`, undefined, signal, last && { 'Last-Event-ID': last });
      if (!r.ok) throw new Refused(r.status, await r.json());
      const reader = r.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ; ) {
        const { value, done } = await reader.read();
        if (done) break;
        fails = 0;
        const parts = (rest + value).split('\n\n');
        rest = parts.pop();
        for (const part of parts) {
          const e = { name: '', data: '' };
          for (const line of part.split('\n')) {
            const [, field, text] = /^(\w*):? ?(.*)$/.exec(line) || [];
            if (field === 'id') last = text;
            if (field === 'event') e.name = text;
            if (field === 'data') e.data = text;
          }
          if (!e.name) continue;
          tell(e.name, JSON.parse(e.data));
          if (e.name === 'end') return;
        }
      }
    } catch (err) {
      if (signal.aborted || err instanceof Refused || ++fails > 20) throw err;
    }
    await new Promise((ok) => setTimeout(ok, Math.min(2000, 100 * 2 ** fails)));
  }
}
