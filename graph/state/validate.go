package state

import (
	"bytes"
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
	for _, a := range view[uint32](s[secOutputs]) {
		v.ok(int(a) >= nsrc, secOutputs)
	}
	for _, a := range view[actionRec](s[secActions]) {
		v.ok(int(a.Target) < ntgt && int(a.Class) < naclass, secActions)
	}
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
	v.sparse(secTrees, secVar, nout)
	v.sparse(secNotes, secVar, nact)
	v.sparse(secTools, secVar, ntool)
	if v.bad == 0 {
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
	bad := false
	for _, x := range view[uint32](v.s[sec]) {
		bad = bad || uint64(x) >= uint64(n)
	}
	v.ok(!bad, sec)
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
	last, bad := uint32(0), false
	for _, x := range o {
		bad = bad || x < last
		last = x
	}
	v.ok(!bad && int(last) == total, off)
}

// paths checks that each path ends in a NUL, that its folder's length is right and, unless absolute ones are allowed, that
// it stays in the workspace.
func (v *validator) paths(sec section, anywhere bool) {
	all := v.s[secPaths]
	for _, r := range view[pathRec](v.s[sec]) {
		end := uint64(r.Off) + uint64(r.Len)
		if r.Len == 0 && !anywhere || end >= uint64(len(all)) || all[end] != 0 || r.Dir > r.Len || r.Dir > 0 && (r.Dir == r.Len || all[r.Off+uint32(r.Dir)] != '/') {
			v.ok(false, sec)
			return
		}
		if !anywhere {
			p := all[r.Off:end]
			v.ok(p[0] != '/' && !climbs(p), sec)
		}
	}
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
