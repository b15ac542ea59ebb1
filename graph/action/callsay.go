package action

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// Notes implements rule.CallContext.
func (c *callContext) Notes() []byte { return c.j.Action.Call.Notes }

// Around implements rule.CallContext. The trees of j.Inputs are what Picks have left of them; Whole has them as they were.
func (c *callContext) Around(folder string) ([]string, error) {
	for i := range c.j.Whole {
		r := &c.j.Whole[i]
		rel, ok := strings.CutPrefix(folder, r.Path)
		if !ok || r.Kind != rule.OutputTree || rel != "" && rel[0] != '/' {
			continue
		}
		at := r.Digest
		if in := strings.TrimPrefix(rel, "/"); in != "" {
			got, err := c.found(r, in)
			if err != nil {
				return nil, err
			}
			if got == nil || got.Kind != rule.OutputTree {
				return nil, &rule.NotInputError{Path: in, Tree: r.Path}
			}
			at = got.Digest
		}
		entries, err := tree.List(c.x.Store, at, "")
		if err != nil {
			return nil, c.gone(r.source())
		}
		return filesOf(entries), nil
	}
	return nil, fmt.Errorf("%s is not in a declared tree", folder)
}

// mostProblems is how many problems of one action are shown.
const mostProblems = 200

// verdict takes a diag.List out of what a function came to: problems become a *Failed, warnings alone the text that is shown and kept
// with the result.
func (c *callContext) verdict(err error) ([]byte, error) {
	var list diag.List
	if err == nil || !errors.As(err, &list) {
		return nil, err
	}
	list = list.Sort().Most(mostProblems)
	sources := c.sources(list)
	text := []byte(renderList(list, sources))
	if !list.HasErrors() {
		return text, nil
	}
	return nil, &Failed{Summary: list.Short(), Stderr: text, Problems: list, Sources: sources}
}

// sources reads the files that problems are about, as far as they are to be had.
func (c *callContext) sources(l diag.List) map[string][]byte {
	out := map[string][]byte{}
	for _, d := range l {
		f := d.Range.File
		if _, ok := out[f]; ok || d.Range.IsZero() || d.NoSource || rule.CheckRel(f) != nil {
			continue
		}
		out[f] = nil
		if r, err := c.Open(f); err == nil {
			out[f], _ = io.ReadAll(r) // a snippet that cannot be shown is left out
			_ = r.Close()
		} else if b, err := os.ReadFile(filepath.Join(c.x.Root, filepath.FromSlash(f))); err == nil {
			out[f] = b
		}
	}
	return out
}

func renderList(l diag.List, sources map[string][]byte) string {
	texts := make([]string, len(l))
	for i, d := range l {
		texts[i] = diag.Render(d, func(file string) []byte { return sources[file] }, false)
	}
	return strings.Join(texts, "\n")
}
