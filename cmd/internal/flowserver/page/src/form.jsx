import Form from '@rjsf/core';
import { forwardRef, memo, useMemo } from 'react';
import validator from './validator.js';

function button(label, text, kind) {
  return function FormButton({ onClick, disabled, id }) {
    return (
      <button type="button" className={'small ' + kind} id={id} onClick={onClick} disabled={disabled} aria-label={label} title={label}>
        {text}
      </button>
    );
  };
}

const templates = {
  ButtonTemplates: {
    AddButton: button('Add an item', '+ Add', 'add'),
    RemoveButton: button('Remove this item', '×', 'remove'),
    MoveUpButton: button('Move up', '↑', 'move'),
    MoveDownButton: button('Move down', '↓', 'move'),
    CopyButton: button('Copy this item', '⧉', 'move'),
    ClearButton: button('Clear', '×', 'move'),
    SubmitButton: () => null,
  },
  ErrorListTemplate: () => null,
  ArrayFieldItemTemplate({ children, buttonsProps, hasToolbar, registry }) {
    const Buttons = registry.templates.ArrayFieldItemButtonsTemplate;
    return (
      <div className="item">
        <div>{children}</div>
        {hasToolbar && (
          <div className="buttons">
            <Buttons {...buttonsProps} />
          </div>
        )}
      </div>
    );
  },
  FieldErrorTemplate: ({ errors, fieldPathId }) =>
    errors?.length ? (
      <ul className="errors" id={fieldPathId.$id + '__error'}>
        {errors.map((e, i) => (
          <li key={i}>{e}</li>
        ))}
      </ul>
    ) : null,
};

const kinds = { null: 'none', string: 'text', integer: 'a whole number', number: 'a number', boolean: 'yes or no', array: 'a list', object: 'several values' };

// named gives a schema whose branches all have names to be chosen by.
function named(schema, root) {
  if (Array.isArray(schema)) return schema.map((s) => named(s, root));
  if (typeof schema !== 'object' || schema === null) return schema;
  const out = {};
  for (const [k, v] of Object.entries(schema)) {
    out[k] = k === 'default' || k === 'const' || k === 'enum' || k === 'examples' ? v : named(v, root);
  }
  for (const k of ['anyOf', 'oneOf']) {
    if (!Array.isArray(schema[k])) continue;
    out[k] = out[k].map((s) => {
      if (typeof s !== 'object' || s === null || s.title) return s;
      const def = /^#\/\$defs\/(.*)$/.exec(s.$ref || '');
      const title = def ? root.$defs?.[def[1]]?.title || def[1] : 'const' in s ? String(s.const) : kinds[s.type] && (s.type === 'array' && kinds[s.items?.type] ? `a list: ${kinds[s.items.type]}` : kinds[s.type]);
      return title ? { title, ...s } : s;
    });
  }
  return out;
}

// ParamsForm is the workflow's parameters. onSubmit is called by Enter in a field, and by whoever submits the form.
const ParamsForm = memo(
  forwardRef(function ParamsForm({ rjsf, value, errors, onChange, onSubmit, disabled }, ref) {
    const [schema, ui] = useMemo(() => {
      const { uiSchema, $schema, title, description, ...rest } = rjsf;
      return [named(rest, rest), { ...uiSchema, 'ui:submitButtonOptions': { norender: true } }];
    }, [rjsf]);
    return (
      <Form
        ref={ref}
        id="params"
        idPrefix="params"
        className="params"
        schema={schema}
        uiSchema={ui}
        formData={value}
        extraErrors={errors}
        validator={validator}
        templates={templates}
        noHtml5Validate
        noValidate
        disabled={disabled}
        onChange={(e) => onChange(e.formData)}
        onSubmit={onSubmit}
      />
    );
  }),
);

export default ParamsForm;
