package schema

import (
	"errors"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// valid asks the library whether a document is a JSON Schema whose references lead somewhere.
func valid(t *testing.T, doc string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("doc.json", v); err != nil {
		return err
	}
	_, err = c.Compile("doc.json")
	return err
}

// TestCheck compares our reading of the meta-schema with the library's. A want of "" is a valid schema.
func TestCheck(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`{}`, ""},
		{`{"type":"object","properties":{"a":{"type":["string","null"],"enum":[]},"b":true,"title":{"type":"string"}},"required":["a"],"additionalProperties":false}`, ""},
		{`{"properties":{"a":{"$ref":"#/$defs/A~1B"}},"$defs":{"A/B":{"minimum":-1.5,"maxLength":3.0,"multipleOf":1e-3}}}`, ""},
		{`{"uiSchema":{"type":5},"ecoscope:task_group":true,"default":{"type":"what"},"const":{"type":1},"enum":[{"type":1}]}`, ""},
		{`{"dependentRequired":{"a":["b"]},"dependencies":{"a":["b"],"c":{}},"prefixItems":[{}],"examples":[],"format":"x","contentSchema":{}}`, ""},
		{`{"type":"nmber"}`, "/type must be array"},
		{`{"type":[]}`, "/type must have one type"},
		{`{"type":["string","string"]}`, "/type has \"string\" twice"},
		{`{"properties":{"a":{"minLength":-1}}}`, "/properties/a/minLength must be a whole number"},
		{`{"minItems":1.5}`, "/minItems must be a whole number"},
		{`{"minItems":"1"}`, "/minItems must be a number"},
		{`{"multipleOf":0}`, "/multipleOf must be more than 0"},
		{`{"oneOf":[]}`, "/oneOf must be a list of schemas"},
		{`{"anyOf":{}}`, "/anyOf must be a list of schemas"},
		{`{"properties":[]}`, "/properties must be an object"},
		{`{"properties":{"a":1}}`, "/properties/a must be a schema"},
		{`{"items":[{}]}`, "/items must be a schema"},
		{`{"required":"a"}`, "/required must be a list"},
		{`{"required":["a","a"]}`, "/required has \"a\" twice"},
		{`{"required":[1]}`, "/required/0 must be a text"},
		{`{"title":1}`, "/title must be a text"},
		{`{"readOnly":"yes"}`, "/readOnly must be a boolean"},
		{`{"enum":"a"}`, "/enum must be a list"},
		{`{"dependentRequired":{"a":"b"}}`, "/dependentRequired/a must be a list"},
		{`{"$defs":{"a":{"anyOf":[{"type":3}]}}}`, "/$defs/a/anyOf/0/type must be"},
		{`{"properties":{"a":{"$ref":"#/$defs/x"}}}`, "/properties/a/$ref leads to #/$defs/x, which is not there"},
	} {
		v, err := ojson.Parse([]byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		err = Check("params.json", v.(*ojson.Object))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "Compiled artifact 'params.json' is not a valid JSON Schema: "+c.want)) {
			t.Errorf("%s: %v, not %q", c.doc, err, c.want)
		}
		if other := valid(t, c.doc); (other == nil) != (c.want == "") {
			t.Errorf("%s: the library says %v", c.doc, other)
		}
	}
}

// FuzzCheck: what the library takes for a schema, so do we, and what it refuses, so do we, but for patterns and names that are
// addresses, which we do not read.
func FuzzCheck(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"minLength":-1}},"$defs":{"b":{"required":["x"]}}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		v, err := ojson.Parse([]byte(doc))
		o, ok := v.(*ojson.Object)
		if err != nil || !ok || strings.Contains(doc, "$") || strings.Contains(strings.ToLower(doc), "pattern") || strings.Contains(doc, `\u`) {
			return
		}
		ours := Check("doc.json", o)
		again, err := ojson.Marshal(o, "")
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		x, err := jsonschema.UnmarshalJSON(strings.NewReader(string(again)))
		if err != nil || c.AddResource("doc.json", x) != nil {
			return
		}
		_, err = c.Compile("doc.json")
		var invalid *jsonschema.SchemaValidationError
		if theirs := errors.As(err, &invalid); theirs != (ours != nil) {
			t.Errorf("%s: we say %v, the library says %v", again, ours, err)
		}
	})
}
