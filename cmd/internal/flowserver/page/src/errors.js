// said gives the errors that the workflow has found in the form's data, as the form says them: what is missing is said where it belongs.
export function said(list) {
  return list.map((e) => {
    const path = e.path || [];
    const missing = e.validator === 'required' && /^'(.*)' is a required property$/.exec(e.message);
    return missing ? { path: [...path, missing[1]], message: 'a value is needed here' } : { path, message: e.message };
  });
}

// fieldErrors gives such errors in the shape that the form shows.
export function fieldErrors(list) {
  const tree = {};
  for (const e of list) {
    let at = tree;
    for (const step of e.path) {
      if (!Object.hasOwn(at, step)) at[step] = {};
      at = at[step];
    }
    (at.__errors ??= []).push(e.message);
  }
  return tree;
}

// titles gives the titles of what lies on a path, for a list of errors.
export function titles(path, schema) {
  const out = [];
  let s = schema;
  for (const step of path) {
    const def = /^#\/\$defs\/(.*)$/.exec(s?.$ref || '');
    if (def) s = schema.$defs?.[def[1]];
    s = typeof step === 'number' ? s?.items : s?.properties?.[step];
    out.push(typeof step === 'number' ? `item ${step + 1}` : s?.title || String(step));
  }
  return out;
}
