package state

import (
	"bytes"
	"path"
)

// choose says from which folder the path recs[i] is best looked at, as a length of the path: its own folder where more
// files of it follow, else the one above where more folders of it follow (a target's own folder often holds one output),
// else 0, the root. stay is the length of the folder that is open now and covers the path, 0 for none.
func choose(paths []byte, recs []pathRec, i, stay int) int {
	const worth = 3 // opening and closing a folder costs about as much as looking at one file
	r := recs[i]
	own := int(r.Dir)
	if own == 0 {
		return 0
	}
	p := pathOf(paths, r)
	above := max(0, bytes.LastIndexByte(p[:own], '/'))
	inOwn, inAbove := 1, 1
	for _, n := range recs[i+1 : min(i+2*worth, len(recs))] {
		q := pathOf(paths, n)
		if int(n.Dir) == own && bytes.Equal(q[:own], p[:own]) {
			inOwn++
		}
		if above > 0 && int(n.Dir) > above && q[above] == '/' && bytes.Equal(q[:above], p[:above]) {
			inAbove++
		}
	}
	switch {
	case inOwn >= worth:
		return own
	case stay == above && above > 0, inAbove >= worth:
		return above
	case stay > 0:
		return stay
	}
	return 0
}

// injected is a walker's way to a Stater.
type injected struct {
	root   string
	stater Stater
}

func (j injected) look(base, p []byte, follow bool) Stat {
	full := path.Join(j.root, string(base), string(p))
	if path.IsAbs(string(p)) {
		full = string(p)
	}
	if follow {
		return j.stater.Source(full)
	}
	return j.stater.Placed(full)
}
