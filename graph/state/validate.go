package state

import (
	"bytes"
	"encoding/binary"
)

// validate checks that no accessor can leave the sections, whatever their bytes are: counts agree, offsets rise and stay
// inside, ids are ids of something. Checksums have shown already that the bytes are those that were written; this is for
// those that were written by something else.
func validate(s *sections) error {
	v := validator{s: s}
	var (
		nart    = len(s[secArtifacts]) / 8
		nsrc    = len(s[secSources]) / 40
		nout    = nart - nsrc
		nact    = len(s[secActions]) / 8
		ntgt    = len(s[secTargets]) / 16
		nread   = len(s[secReads]) / 56
		nstr    = len(s[secStrings]) / 8
		ntool   = len(s[secToolNames]) / 4
		naclass = len(s[secActionClasses]) / 12
		ntclass = len(s[secTargetClasses]) / 24
	)
	v.ok(nout >= 0, secSources)
	v.count(secHashes, 32, nsrc)
	v.count(secPlaced, 40, nout)
	v.count(secKinds, 1, nout)
	v.count(secProducers, 4, nout)
	v.count(secResults, 40, nout)
	v.count(secStates, 56, nact)
	v.count(secDone, 1, nact)
	v.count(secReadPaths, 8, nread)
	v.count(secReadStats, 40, nread)
	for _, sec := range []section{secAllActions, secTestActions} {
		v.count(sec, 8, words(nact))
	}
	for _, sec := range []section{secAllArtifacts, secTestArtifacts} {
		v.count(sec, 8, words(nart))
	}
	v.paths(secArtifacts, false)
	v.paths(secReadPaths, true)
	v.below(secProducers, nact)
	v.lists(secConsumerOff, secConsumers, nart, nact)
	v.lists(secInputOff, secInputs, nact, nart)
	v.lists(secOutputOff, secOutputs, nact, nart)
	v.lists(secSpecOff, secSpecs, nact, -1)
	v.lists(secDefaultOff, secDefaults, ntgt, nart)
	v.lists(secDepOff, secDeps, ntgt, ntgt)
	v.lists(secOwnOff, secOwn, ntgt, nact)
	v.below(secToolNames, nstr)
	v.below(secClassTools, ntool)
	v.below(secClassTags, nstr)
	for _, r := range view[textRef](s[secStrings]) {
		v.within(r.Off, r.Len, secText)
	}
	lowest := ^uint32(0)
	for _, a := range view[uint32](s[secOutputs]) {
		lowest = min(lowest, a)
	}
	v.ok(uint64(lowest) >= uint64(nsrc), secOutputs)
	var act actionRec
	for _, a := range view[actionRec](s[secActions]) {
		act.Target, act.Class = max(act.Target, a.Target), max(act.Class, a.Class)
	}
	v.ok(nact == 0 || int(act.Target) < ntgt && int(act.Class) < naclass, secActions)
	for _, c := range view[actionClass](s[secActionClasses]) {
		v.ok(c.ToolsLo <= c.ToolsHi && int(c.ToolsHi) <= len(s[secClassTools])/4, secActionClasses)
	}
	for _, t := range view[targetRec](s[secTargets]) {
		v.ok(int(t.Class) < ntclass, secTargets)
		v.within(t.Label, 3+uint32(t.Pkg)+uint32(t.Name), secText)
	}
	for _, c := range view[targetClass](s[secTargetClasses]) {
		v.ok(int(c.Kind) < nstr && int(c.File) < nstr && int(c.Platform) < nstr, secTargetClasses)
		v.ok(c.TagsLo <= c.TagsHi && int(c.TagsHi) <= len(s[secClassTags])/4, secTargetClasses)
	}
	for _, r := range view[readRec](s[secReads]) {
		v.within(r.QueryOff, r.QueryLen, secData)
	}
	v.sparse(secRuns, secData, ntgt)
	v.sparse(secDescriptions, secData, ntgt)
	v.sparse(secKept, secData, ntgt)
	v.sparse(secLooks, secData, ntgt)
	v.sparse(secTrees, secVar, nout)
	v.sparse(secNotes, secVar, nact)
	v.sparse(secTools, secVar, ntool)
	if v.bad == 0 {
		v.owners(nsrc)
		v.listings(secTrees)
		v.listings(secTools)
	}
	if v.bad != 0 {
		return damaged("section %d is not what cairn writes", int(v.bad)-1)
	}
	return nil
}

type validator struct {
	s   *sections
	bad section // the first bad one, plus one
}

func (v *validator) ok(ok bool, sec section) {
	if !ok && v.bad == 0 {
		v.bad = sec + 1
	}
}

func (v *validator) count(sec section, size, n int) { v.ok(len(v.s[sec]) == size*n, sec) }

func (v *validator) within(off, n uint32, sec section) {
	v.ok(uint64(off)+uint64(n) <= uint64(len(v.s[sec])), sec)
}

func (v *validator) below(sec section, n int) {
	s := view[uint32](v.s[sec])
	most := uint32(0)
	for _, x := range s {
		most = max(most, x)
	}
	v.ok(len(s) == 0 || uint64(most) < uint64(n), sec)
}

// lists checks n lists with elements below limit; -1 stands for lists of bytes.
func (v *validator) lists(off, list section, n, limit int) {
	o := view[uint32](v.s[off])
	if len(o) != n+1 || o[0] != 0 {
		v.ok(false, off)
		return
	}
	total := len(v.s[list])
	if limit >= 0 {
		total /= 4
		v.below(list, limit)
	}
	last, rises := uint32(0), true
	for _, x := range o {
		rises = rises && x >= last
		last = x
	}
	v.ok(rises && int(last) == total, off)
}

// paths checks that each path ends in a NUL, that its folder's length is right and, unless absolute ones are allowed, that
// it stays in the workspace.
func (v *validator) paths(sec section, anywhere bool) {
	all := v.s[secPaths]
	// One look at all the bytes; only if that finds something, one at each path.
	suspect := !anywhere && hasTwoDots(all)
	for _, r := range view[pathRec](v.s[sec]) {
		end := uint64(r.Off) + uint64(r.Len)
		if r.Len == 0 && !anywhere || end >= uint64(len(all)) || all[end] != 0 || r.Dir > r.Len || r.Dir > 0 && (r.Dir == r.Len || all[r.Off+uint32(r.Dir)] != '/') {
			v.ok(false, sec)
			return
		}
		if !anywhere {
			p := all[r.Off:end]
			v.ok(p[0] != '/' && (!suspect || !climbs(p)), sec)
		}
	}
}

// owners checks that each output is written by the action that says so, and by no other, and that each action is its
// target's.
func (v *validator) owners(nsrc int) {
	outs := csr{view[uint32](v.s[secOutputOff]), view[uint32](v.s[secOutputs])}
	producers := view[uint32](v.s[secProducers])
	v.ok(len(outs.ids) == len(producers), secOutputs)
	ok := true
	for a := range len(outs.off) - 1 {
		for _, o := range outs.of(a) {
			ok = ok && int(producers[int(o)-nsrc]) == a
		}
	}
	v.ok(ok, secProducers)
	own := csr{view[uint32](v.s[secOwnOff]), view[uint32](v.s[secOwn])}
	acts := view[actionRec](v.s[secActions])
	v.ok(len(own.ids) == len(acts), secOwn)
	for t := range len(own.off) - 1 {
		last := -1
		for _, a := range own.of(t) {
			ok = ok && int(acts[a].Target) == t && int(a) > last
			last = int(a)
		}
	}
	v.ok(ok, secOwn)
}

// hasTwoDots says whether there is ".." in b, eight bytes at a time: bytes.Contains takes five times as long where dots
// are many.
func hasTwoDots(b []byte) bool {
	const dots, low, high = 0x2e2e2e2e2e2e2e2e, 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+9 <= len(b); i += 8 {
		// A zero byte where both this byte and the next are dots.
		x := binary.LittleEndian.Uint64(b[i:]) ^ dots | binary.LittleEndian.Uint64(b[i+1:]) ^ dots
		if (x-low)&^x&high != 0 {
			return true
		}
	}
	return bytes.Contains(b[i:], []byte(".."))
}

func climbs(p []byte) bool {
	for i := bytes.Index(p, []byte("..")); i >= 0; {
		if (i == 0 || p[i-1] == '/') && (i+2 == len(p) || p[i+2] == '/') {
			return true
		}
		next := bytes.Index(p[i+1:], []byte(".."))
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

func (v *validator) sparse(sec, text section, n int) {
	last := -1
	for _, r := range view[blobRef](v.s[sec]) {
		v.ok(int(r.ID) > last && int(r.ID) < n, sec)
		v.within(r.Off, r.Len, text)
		last = int(r.ID)
	}
}

func (v *validator) listings(sec section) {
	for _, r := range view[blobRef](v.s[sec]) {
		_, ok := parseListing(v.s[secVar][r.Off : r.Off+r.Len])
		v.ok(ok && r.Off%8 == 0, sec)
	}
}
