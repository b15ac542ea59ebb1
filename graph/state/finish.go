package state

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Finish lays the rows out. An error is a bug of whoever filled the Builder: analysis has refused cycles, two writers of
// one path and bad paths long before.
func (b *Builder) Finish() (*Graph, error) {
	if b.err != nil {
		return nil, b.err
	}
	l := &layout{b: b, strIDs: map[string]uint32{}}
	if err := l.order(); err != nil {
		return nil, err
	}
	l.artifacts()
	l.actions()
	l.targets()
	l.reads()
	l.facts()
	for i, s := range l.sec {
		if uint64(len(s)) >= 1<<32 {
			return nil, fmt.Errorf("the graph is too large: section %d has %d bytes", i, len(s))
		}
	}
	var id graphID
	rand.Read(id[:])
	g := newGraph(&l.sec, id, b.settings)
	g.everything()
	return g, nil
}

// layout turns rows into sections. The art, act and tgt tables map a row to its id, the *Row ones an id to its row.
type layout struct {
	b   *Builder
	sec sections

	art, artRow []uint32
	act, actRow []uint32
	tgt, tgtRow []uint32
	tool        map[string]ToolID

	paths, text, data, specs []byte
	strs                     []textRef
	strIDs                   map[string]uint32
}

func (l *layout) order() error {
	b := l.b
	l.artRow = rows(len(b.arts))
	slices.SortFunc(l.artRow, func(i, j uint32) int {
		x, y := &b.arts[i], &b.arts[j]
		if xs, ys := x.kind == rule.Source, y.kind == rule.Source; xs != ys {
			if xs {
				return -1
			}
			return 1
		}
		return comparePathText(x.path, y.path)
	})
	l.art = inverse(l.artRow)
	for _, a := range b.arts {
		if a.kind != rule.Source && a.producer < 0 {
			return fmt.Errorf("internal error: no action writes %s", a.path)
		}
	}

	l.tgtRow = rows(len(b.targets))
	compare := func(i, j uint32) int {
		x, y := &b.targets[i], &b.targets[j]
		return cmp.Or(label.Compare(x.Label, y.Label), cmp.Compare(x.Platform, y.Platform))
	}
	slices.SortFunc(l.tgtRow, compare)
	for i := 1; i < len(l.tgtRow); i++ {
		if compare(l.tgtRow[i-1], l.tgtRow[i]) == 0 {
			return fmt.Errorf("internal error: %s was added twice", b.targets[l.tgtRow[i]].Label)
		}
	}
	l.tgt = inverse(l.tgtRow)
	return l.topological()
}

// topological numbers actions: inputs' producers first, else in the order of targets, then in that of their declaration.
func (l *layout) topological() error {
	b := l.b
	ranked := rows(len(b.actions))
	slices.SortStableFunc(ranked, func(i, j uint32) int { return cmp.Compare(l.tgt[b.actions[i].Target], l.tgt[b.actions[j].Target]) })
	const unseen, open, closed = 0, 1, 2
	state := make([]uint8, len(b.actions))
	type frame struct{ act, next uint32 }
	var stack []frame
	for _, root := range ranked {
		if state[root] != unseen {
			continue
		}
		state[root] = open
		stack = append(stack, frame{act: root})
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			in := b.actions[f.act].Inputs
			if int(f.next) == len(in) {
				state[f.act] = closed
				l.actRow = append(l.actRow, f.act)
				stack = stack[:len(stack)-1]
				continue
			}
			p := b.arts[in[f.next]].producer
			f.next++
			switch {
			case p < 0 || state[p] == closed:
			case state[p] == open:
				return fmt.Errorf("internal error: actions of %s wait for each other", b.targets[b.actions[p].Target].Label)
			default:
				state[p] = open
				stack = append(stack, frame{act: uint32(p)})
			}
		}
	}
	l.act = inverse(l.actRow)
	return nil
}

func (l *layout) artifacts() {
	b := l.b
	recs := make([]pathRec, len(l.artRow))
	var producers []uint32
	var kinds []byte
	for i, row := range l.artRow {
		a := &b.arts[row]
		recs[i] = l.path(a.path)
		if a.kind != rule.Source {
			producers = append(producers, l.act[a.producer])
			k := byte(0)
			if a.kind == rule.OutputTree {
				k = 1
			}
			kinds = append(kinds, k)
		}
	}
	l.sec[secArtifacts], l.sec[secProducers], l.sec[secKinds] = raw(recs), raw(producers), kinds
	// Consumers: count, sum, fill; actions are taken in order, so each list is sorted. An input named twice counts once.
	off := make([]uint32, len(recs)+1)
	last := make([]uint32, len(recs)) // the last action that was counted, plus one
	each := func(f func(act, art uint32)) {
		clear(last)
		for id, row := range l.actRow {
			for _, in := range b.actions[row].Inputs {
				if art := l.art[in]; last[art] != uint32(id)+1 {
					last[art] = uint32(id) + 1
					f(uint32(id), art)
				}
			}
		}
	}
	each(func(_, art uint32) { off[art+1]++ })
	for i := range recs {
		off[i+1] += off[i]
	}
	list := make([]uint32, off[len(recs)])
	next := slices.Clone(off)
	each(func(act, art uint32) { list[next[art]] = act; next[art]++ })
	l.sec[secConsumerOff], l.sec[secConsumers] = raw(off), raw(list)
}

func (l *layout) actions() {
	b := l.b
	l.tools()
	recs := make([]actionRec, len(l.actRow))
	specOff := []uint32{0}
	var in, out lists
	in.off, out.off = []uint32{0}, []uint32{0}
	var classes []actionClass
	var classTools []ToolID
	known := map[string]uint32{}
	var key []byte
	for id, row := range l.actRow {
		a := &b.actions[row]
		l.specs = append(l.specs, a.Spec...)
		specOff = append(specOff, uint32(len(l.specs)))
		add(&in, l.art, a.Inputs)
		add(&out, l.art, a.Outputs)
		key = append(key[:0], byte(a.Flags), byte(a.Flags>>8), byte(a.Flags>>16), byte(a.Flags>>24))
		for _, t := range a.Tools {
			key = append(append(key, t...), 0)
		}
		c, ok := known[string(key)]
		if !ok {
			c = uint32(len(classes))
			known[string(key)] = c
			lo := uint32(len(classTools))
			for _, t := range a.Tools {
				classTools = append(classTools, l.tool[t])
			}
			classes = append(classes, actionClass{uint32(a.Flags), lo, uint32(len(classTools))})
		}
		recs[id] = actionRec{l.tgt[a.Target], c}
	}
	l.sec[secActions], l.sec[secActionClasses], l.sec[secClassTools] = raw(recs), raw(classes), raw(classTools)
	l.sec[secSpecOff], l.sec[secSpecs] = raw(specOff), l.specs
	l.sec[secInputOff], l.sec[secInputs] = raw(in.off), raw(in.ids)
	l.sec[secOutputOff], l.sec[secOutputs] = raw(out.off), raw(out.ids)
}

func (l *layout) tools() {
	l.tool = map[string]ToolID{}
	var names []string
	for i := range l.b.actions {
		for _, t := range l.b.actions[i].Tools {
			if _, ok := l.tool[t]; !ok {
				l.tool[t] = 0
				names = append(names, t)
			}
		}
	}
	slices.Sort(names)
	strs := make([]uint32, len(names))
	for i, n := range names {
		l.tool[n] = ToolID(i)
		strs[i] = l.str(n)
	}
	l.sec[secToolNames] = raw(strs)
}

func (l *layout) targets() {
	b := l.b
	recs := make([]targetRec, len(l.tgtRow))
	var def, deps, own lists
	def.off, deps.off, own.off = []uint32{0}, []uint32{0}, []uint32{0}
	mine := make([][]uint32, len(b.targets))
	for _, row := range l.actRow {
		t := b.actions[row].Target
		mine[t] = append(mine[t], row)
	}
	var classes []targetClass
	var classTags []uint32
	known := map[string]uint32{}
	var runs, descs, kept, looks []blobRef
	var data blobs
	for id, row := range l.tgtRow {
		t := &b.targets[row]
		add(&def, l.art, t.Default)
		add(&deps, l.tgt, t.Deps)
		add(&own, l.act, mine[row])
		c := targetClass{Kind: l.str(t.Kind), File: l.str(t.File), Platform: l.str(t.Platform), Flags: uint32(t.Flags)}
		tags := make([]uint32, len(t.Tags))
		for i, s := range t.Tags {
			tags[i] = l.str(s)
		}
		key := string(raw([]targetClass{c})) + string(raw(tags))
		n, ok := known[key]
		if !ok {
			n = uint32(len(classes))
			known[key] = n
			c.TagsLo = uint32(len(classTags))
			classTags = append(classTags, tags...)
			c.TagsHi = uint32(len(classTags))
			classes = append(classes, c)
		}
		recs[id] = targetRec{Label: uint32(len(l.text)), Pkg: uint16(len(t.Label.Pkg)), Name: uint16(len(t.Label.Name)), Class: n, Line: uint32(t.Line)}
		l.text = append(l.text, "//"+t.Label.Pkg+":"+t.Label.Name...)
		if t.Run != nil {
			runs = append(runs, data.add(uint32(id), t.Run))
		}
		if t.Kept != nil {
			kept = append(kept, data.add(uint32(id), t.Kept))
		}
		if len(t.Looks) > 0 {
			looks = append(looks, data.add(uint32(id), []byte(strings.Join(t.Looks, "\x00")+"\x00")))
		}
		if t.Description != "" {
			descs = append(descs, data.add(uint32(id), []byte(t.Description)))
		}
	}
	l.data = data.text
	l.sec[secTargets], l.sec[secTargetClasses], l.sec[secClassTags] = raw(recs), raw(classes), raw(classTags)
	l.sec[secDefaultOff], l.sec[secDefaults] = raw(def.off), raw(def.ids)
	l.sec[secDepOff], l.sec[secDeps] = raw(deps.off), raw(deps.ids)
	l.sec[secOwnOff], l.sec[secOwn] = raw(own.off), raw(own.ids)
	l.sec[secRuns], l.sec[secDescriptions], l.sec[secKept], l.sec[secLooks] = raw(runs), raw(descs), raw(kept), raw(looks)
}

func (l *layout) reads() {
	rs := l.b.reads
	slices.SortFunc(rs, func(a, b ReadRow) int {
		return cmp.Or(cmp.Compare(a.Kind.group(), b.Kind.group()), comparePathText(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Query, b.Query))
	})
	recs := make([]readRec, len(rs))
	paths := make([]pathRec, len(rs))
	stats := make([]statRec, len(rs))
	for i, r := range rs {
		recs[i] = readRec{Kind: uint32(r.Kind), QueryOff: uint32(len(l.data)), QueryLen: uint32(len(r.Query)), Digest: r.Digest}
		l.data = append(l.data, r.Query...)
		paths[i] = l.path(r.Path)
		flags := uint32(factKnown)
		if r.Racy {
			flags |= factRacy
		}
		stats[i] = r.Stat.rec(flags)
	}
	l.sec[secReads], l.sec[secReadPaths], l.sec[secReadStats] = raw(recs), raw(paths), raw(stats)
}

// facts makes room for what is not known yet, and closes what all parts have written to.
func (l *layout) facts() {
	nout := len(l.sec[secKinds])
	nsrc := len(l.artRow) - nout
	nact := len(l.actRow)
	l.sec[secSources] = raw(make([]statRec, nsrc))
	l.sec[secPlaced] = raw(make([]statRec, nout))
	l.sec[secHashes] = alignedBytes(nsrc * 32)
	l.sec[secResults] = raw(make([]resultRec, nout))
	l.sec[secStates] = raw(make([]actionFact, nact))
	l.sec[secDone] = make([]byte, nact)
	for _, s := range []section{secAllActions, secTestActions} {
		l.sec[s] = raw(make([]uint64, words(nact)))
	}
	for _, s := range []section{secAllArtifacts, secTestArtifacts} {
		l.sec[s] = raw(make([]uint64, words(len(l.artRow))))
	}
	l.sec[secPaths], l.sec[secText], l.sec[secStrings], l.sec[secData] = l.paths, l.text, raw(l.strs), l.data
}

func (l *layout) path(p string) pathRec {
	r := pathRec{Off: uint32(len(l.paths)), Len: uint16(len(p)), Dir: dirLen(p)}
	l.paths = append(append(l.paths, p...), 0)
	return r
}

func (l *layout) str(s string) uint32 {
	if id, ok := l.strIDs[s]; ok {
		return id
	}
	id := uint32(len(l.strs))
	l.strs = append(l.strs, textRef{uint32(len(l.text)), uint32(len(s))})
	l.text = append(l.text, s...)
	l.strIDs[s] = id
	return id
}

// lists collects a csr.
type lists struct{ off, ids []uint32 }

func add[T ~uint32](c *lists, to []uint32, rows []T) {
	for _, r := range rows {
		c.ids = append(c.ids, to[r])
	}
	c.off = append(c.off, uint32(len(c.ids)))
}

func rows(n int) []uint32 {
	s := make([]uint32, n)
	for i := range s {
		s[i] = uint32(i)
	}
	return s
}

func inverse(row []uint32) []uint32 {
	id := make([]uint32, len(row))
	for i, r := range row {
		id[r] = uint32(i)
	}
	return id
}
