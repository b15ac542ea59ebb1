package ioc

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// DeclareCall declares an action of Go code: a with the Call of that name, which is told args. notes, where they are not nil, are for its
// messages: whatever they are, its key is the same. What cannot be written as JSON is a problem of cairn's own, and false.
func DeclareCall(c *rule.Context, a rule.Action, name string, args, notes any) bool {
	text, err := json.Marshal(args)
	if err != nil {
		c.Problem("", "internal", "internal error: "+err.Error(), "Please report it.")
		return false
	}
	a.Inputs = Distinct(a.Inputs)
	a.Call = &rule.Call{Func: name, Args: text}
	if notes != nil {
		if a.Call.Notes, err = json.Marshal(notes); err != nil {
			a.Call.Notes = nil // messages without places
		}
	}
	c.Declare(a)
	return true
}

// Places are the notes of a Call: where in BUILD.hcl things are written, by the name of the attribute and by an item's At.
type Places map[string]diag.Range

// Item gives the place of an item, or that of an attribute where nobody wrote the item.
func (p Places) Item(at, attr string) diag.Range {
	if r, ok := p[at]; ok {
		return r
	}
	return p[attr]
}

// Of gives the place of an attribute, or the target's.
func (p Places) Of(attr string) diag.Range {
	if r, ok := p[attr]; ok {
		return r
	}
	return p[""]
}

// ReadPlaces gives the places that a Call was declared with; none where there are none.
func ReadPlaces(c rule.CallContext) Places {
	p := Places{}
	_ = json.Unmarshal(c.Notes(), &p) // messages without places
	return p
}

// Distinct drops artifacts that are there already, and what is zero.
func Distinct(as []rule.Artifact) []rule.Artifact {
	seen := map[string]bool{"": true}
	var out []rule.Artifact
	for _, a := range as {
		if !seen[a.Path] {
			seen[a.Path] = true
			out = append(out, a)
		}
	}
	return out
}

// InputBytes reads a file among a Call's inputs.
func InputBytes(c rule.CallContext, p string) ([]byte, error) {
	r, err := c.Open(p)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// LinkAll puts all files of a folder of an input tree into an output tree, and gives their paths below it; a folder that is not there has none.
func LinkAll(c rule.CallContext, from, to string) (names []string, err error) {
	if from == "" {
		return nil, nil
	}
	entries, err := c.Folder(from)
	var absent *rule.NotInputError
	if errors.As(err, &absent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		switch {
		case e.Dir:
			below, err := LinkAll(c, from+"/"+e.Path, to+"/"+e.Path)
			if err != nil {
				return nil, err
			}
			for _, b := range below {
				names = append(names, e.Path+"/"+b)
			}
		case e.Link == "":
			if err := c.Link(to+"/"+e.Path, e.Blob, e.Executable); err != nil {
				return nil, err
			}
			names = append(names, e.Path)
		}
	}
	return names, nil
}
