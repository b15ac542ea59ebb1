package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Canonical gives s as JSON: equal meanings are equal bytes. Order that means something is kept, that of instances, of bound arguments, of
// dictionaries' keys and of requirements; comments, style, aliases and the order of the file's other keys are no part of it.
func (s *Spec) Canonical() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("internal error: a spec has no JSON form: " + err.Error()) // its types hold text and numbers only
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Decode gives the Spec of canonical JSON, without Places.
func Decode(b []byte) (*Spec, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	s := &Spec{}
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("no canonical spec: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("no canonical spec: something follows it")
	}
	for i, it := range s.Items {
		at := "/workflow/" + strconv.Itoa(i)
		switch {
		case it.Task != nil && it.Group == nil:
			it.Task.At = at
		case it.Group != nil && it.Task == nil:
			it.Group.At = at
			for k, t := range it.Group.Tasks {
				if t == nil {
					return nil, fmt.Errorf("no canonical spec: an instance is null")
				}
				t.At = at + "/tasks/" + strconv.Itoa(k)
			}
		default:
			return nil, fmt.Errorf("no canonical spec: item %d is no instance and no group", i)
		}
	}
	return s, nil
}

// Hash gives the fingerprint of what the workflow does, 64 hex digits: that of the canonical form without requirements.
func (s *Spec) Hash() string {
	c := *s
	c.Requirements = []Requirement{}
	sum := sha256.Sum256(c.Canonical())
	return hex.EncodeToString(sum[:])
}
