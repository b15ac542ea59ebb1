// fieldErrors gives the errors that the workflow has found in the form's data, in the shape that the form shows. A value that is
// missing is said where it belongs.
export function fieldErrors(list) {
  const tree = {};
  for (const e of list) {
    let path = e.path || [];
    let text = e.message;
    const missing = e.validator === 'required' && /^'(.*)' is a required property$/.exec(text);
    if (missing) {
      path = [...path, missing[1]];
      text = 'a value is needed here';
    }
    let at = tree;
    for (const step of path) {
      if (!Object.hasOwn(at, step)) at[step] = {};
      at = at[step];
    }
    (at.__errors ??= []).push(text);
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
