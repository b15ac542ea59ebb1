package python

import (
	"context"
	"encoding/json"

	"github.com/cairn-build/cairn/graph/rule"
)

// eitherArgs are the words of python_either/1.
type eitherArgs struct {
	Of  []string `json:"of"` // trees
	Out string   `json:"out"`
}

// either is python_either/1: it gives the files of several trees, of which all but one are empty.
func either(_ context.Context, c rule.CallContext) error {
	var a eitherArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	for _, t := range a.Of {
		es, err := c.Entries(t)
		if err != nil {
			return err
		}
		for _, e := range es {
			if err := put(c, a.Out+"/"+e.Path, e); err != nil {
				return err
			}
		}
	}
	return nil
}
