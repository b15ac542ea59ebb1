import { Validator } from '@cfworker/json-schema';

// The form's validator. The usual one makes functions out of text, which the page's security policy forbids; this one reads the schema
// as it is. It only has to say which branch of anyOf a value belongs to: whether values are right is the workflow's own word, which
// the service asks for.

const made = new WeakMap();

function validatorOf(schema, root) {
  const key = typeof schema === 'object' && schema !== null ? schema : root;
  let v = made.get(key);
  if (!v || v.root !== root) {
    const whole = typeof schema === 'object' ? { ...schema } : schema;
    if (typeof whole === 'object' && root) {
      for (const defs of ['$defs', 'definitions']) {
        if (root[defs]) whole[defs] = { ...root[defs], ...whole[defs] };
      }
    }
    v = { root, check: new Validator(structuredClone(whole), '2020-12', true) };
    made.set(key, v);
  }
  return v.check;
}

export default {
  isValid(schema, value, root) {
    try {
      return validatorOf(schema, root).validate(value === undefined ? null : plain(value)).valid;
    } catch {
      return false; // a schema that refers to what is not there fits nothing
    }
  },
  validateFormData() {
    return { errors: [], errorSchema: {} };
  },
  rawValidation() {
    return { errors: [] };
  },
  toErrorList() {
    return [];
  },
  reset() {},
};

// plain gives a value as it would be sent: members that are undefined are not there.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}
