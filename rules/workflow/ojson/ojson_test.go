package ojson

import (
	"encoding/json"
	"testing"
)

func TestOrderIsKept(t *testing.T) {
	const in = `{"z":1.50,"a":[{"y":null,"b":true},[]],"é<":"\u00e9","m":{}}`
	v, err := Parse([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Marshal(v, "")
	if err != nil || string(got) != `{"z":1.50,"a":[{"y":null,"b":true},[]],"é<":"é","m":{}}` {
		t.Errorf("got %s, %v", got, err)
	}
	got, _ = Marshal(v, "  ")
	const want = "{\n  \"z\": 1.50,\n  \"a\": [\n    {\n      \"y\": null,\n      \"b\": true\n    },\n    []\n  ],\n  \"é<\": \"é\",\n  \"m\": {}\n}"
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestSetAndDelete(t *testing.T) {
	o := New("a", "1", "b", "2")
	c := Clone(o).(*Object)
	o.Set("a", Number("3"))
	o.Delete("b")
	o.Set("b", nil)
	b, _ := json.Marshal(struct{ O, C *Object }{o, c})
	if string(b) != `{"O":{"a":3,"b":null},"C":{"a":"1","b":"2"}}` {
		t.Errorf("got %s", b)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "{", `{"a":1} x`, `{"a"}`, "[1,]"} {
		if v, err := Parse([]byte(in)); err == nil {
			t.Errorf("%q is read as %v", in, v)
		}
	}
}
