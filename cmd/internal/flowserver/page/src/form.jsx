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
  FieldErrorTemplate: ({ errors, fieldPathId }) =>
    errors?.length ? (
      <ul className="errors" id={fieldPathId.$id + '__error'}>
        {errors.map((e, i) => (
          <li key={i}>{e}</li>
        ))}
      </ul>
    ) : null,
};

// ParamsForm is the workflow's parameters. onSubmit is called by Enter in a field, and by whoever submits the form.
const ParamsForm = memo(
  forwardRef(function ParamsForm({ rjsf, value, errors, onChange, onSubmit, disabled }, ref) {
    const [schema, ui] = useMemo(() => {
      const { uiSchema, $schema, title, description, ...rest } = rjsf;
      return [rest, { ...uiSchema, 'ui:submitButtonOptions': { norender: true } }];
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
