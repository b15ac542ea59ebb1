// Package action is one action's way from declaration to result: its inputs become a key, the key is looked up, and only
// what nobody has done yet runs. It knows neither targets nor the order of actions, and it asks a Runner to run and a
// cache to keep.
package action

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/cairn-build/cairn/graph/rule"
)

// The encoded form of an action's declaration, as the snapshot keeps it. Inputs and outputs are not in it: the snapshot
// holds those as ids. Version 4, in order: version, form (1 spawn, 2 call, 3 fetch), mnemonic, case, flags, resources, picks, ask, then the
// form's own fields; numbers are uvarints, strings and lists carry their length. It is never read by another version of
// cairn: the snapshot's settings hold cairn's identity.
const specVersion = 5

const (
	flagTest = 1 << iota
	flagExclusive
	flagLocal
	flagUncached
	flagPosix
	flagNetwork
	flagExecutable
	flagEach
	flagPin
	flagFollow
	flagEmptySubmodules
	flagAlone
	flagEmptyEach
	flagSubmodules
	flagAsks
	flagAnywhere
	flagMayFollow
)

// errSpec is what damaged bytes decode to.
var errSpec = errors.New("damaged action in the snapshot")

type encoder struct{ b []byte }

func (e *encoder) num(n uint64) { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) str(s string) { e.num(uint64(len(s))); e.b = append(e.b, s...) }
func (e *encoder) strs(l []string) {
	e.num(uint64(len(l)))
	for _, s := range l {
		e.str(s)
	}
}
func (e *encoder) env(l []rule.EnvVar) {
	e.num(uint64(len(l)))
	for _, v := range l {
		e.str(v.Name)
		e.str(v.Value)
	}
}
func (e *encoder) words(m map[string]string) {
	e.num(uint64(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e.str(k)
		e.str(m[k])
	}
}

func (e *encoder) layers(l []rule.Layer) {
	e.num(uint64(len(l)))
	for _, x := range l {
		e.str(x.Path)
		e.num(uint64(len(x.Files)))
		for _, f := range x.Files {
			e.str(f.Path)
			e.str(f.Text)
			e.str(f.Link)
		}
	}
}

func (d *decoder) layers() []rule.Layer {
	var l []rule.Layer
	for n := d.count(); n > 0; n-- {
		x := rule.Layer{Path: d.str()}
		for m := d.count(); m > 0; m-- {
			x.Files = append(x.Files, rule.LayerFile{Path: d.str(), Text: d.str(), Link: d.str()})
		}
		l = append(l, x)
	}
	return l
}

func flagsOf(a *rule.Action) uint64 {
	var f uint64
	set := func(on bool, bit uint64) {
		if on {
			f |= bit
		}
	}
	set(a.Test, flagTest)
	set(a.Exclusive, flagExclusive)
	set(a.Local, flagLocal)
	set(a.Uncached, flagUncached)
	set(a.Asks != nil, flagAsks)
	if s := a.Spawn; s != nil {
		set(s.Posix, flagPosix)
		set(s.Network, flagNetwork)
		set(s.Each != nil, flagEach)
		set(s.Each != nil && s.Each.Alone, flagAlone)
		set(s.Each != nil && s.Each.Empty, flagEmptyEach)
		set(s.Each != nil && s.Each.Anywhere, flagAnywhere)
	}
	if a.Fetch != nil {
		set(a.Fetch.Executable, flagExecutable)
		set(a.Fetch.EmptySubmodules, flagEmptySubmodules)
		set(a.Fetch.Submodules, flagSubmodules)
		set(a.Fetch.Pin != nil, flagPin)
		set(a.Fetch.Pin != nil && a.Fetch.Pin.Follow, flagFollow)
		set(a.Fetch.Pin != nil && a.Fetch.Pin.MayFollow, flagMayFollow)
	}
	return f
}

// EncodeSpec gives a without its inputs and outputs.
func EncodeSpec(a *rule.Action) []byte {
	e := &encoder{b: make([]byte, 0, 256)}
	e.num(specVersion)
	form := uint64(1)
	switch {
	case a.Call != nil:
		form = 2
	case a.Fetch != nil:
		form = 3
	}
	e.num(form)
	e.str(a.Mnemonic)
	e.str(a.Subject)
	e.str(a.Case)
	e.num(flagsOf(a))
	e.num(uint64(a.Resources.Mem))
	e.num(uint64(a.Resources.Slots))
	e.strs(a.Picks)
	if a.Asks != nil {
		e.str(a.Asks.Question)
		e.str(a.Asks.File)
	}
	switch form {
	case 1:
		e.spawn(a.Spawn)
	case 2:
		e.str(a.Call.Func)
		e.str(string(a.Call.Args))
		e.str(string(a.Call.Notes))
	case 3:
		e.fetch(a.Fetch)
	}
	return e.b
}

func (e *encoder) spawn(s *rule.Spawn) {
	e.strs(s.Argv)
	e.env(s.Env)
	e.strs(s.PassEnv)
	e.strs(s.ClientEnv)
	e.strs(s.HostTools)
	e.str(s.Stdout)
	e.str(s.DepFile)
	e.strs(s.Discover)
	e.str(s.Relay)
	e.num(uint64(s.Timeout))
	e.num(uint64(len(s.Scratch)))
	for _, x := range s.Scratch {
		e.str(x.Name)
		e.str(x.Env)
		if x.Shared {
			e.num(1)
		} else {
			e.num(0)
		}
	}
	e.layers(s.Layers)
	if s.Each != nil {
		e.str(s.Each.Tree.Path)
		e.num(uint64(s.Each.Tree.Kind))
		e.strs(s.Each.Globs)
	}
}

func (e *encoder) fetch(f *rule.Fetch) {
	e.str(f.Fetcher)
	e.words(f.Params)
	e.str(f.SHA256)
	e.str(f.Unpack)
	e.num(uint64(f.Strip))
	e.str(f.GitTree)
	e.str(f.Word)
	if f.Pin != nil {
		e.words(f.Pin.Params)
		e.words(f.Pin.Entry)
	}
}

type decoder struct {
	b   string
	bad bool
}

func (d *decoder) num() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		if len(d.b) == 0 {
			break
		}
		c := d.b[0]
		d.b = d.b[1:]
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.bad = true
	return 0
}

func (d *decoder) str() string {
	n := d.num()
	if n > uint64(len(d.b)) {
		d.bad = true
		d.b = ""
		return ""
	}
	s := d.b[:n]
	d.b = d.b[n:]
	return s
}

// count reads a list's length; each element takes at least one byte.
func (d *decoder) count() int {
	n := d.num()
	if n > uint64(len(d.b)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) strs() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	l := make([]string, n)
	for i := range l {
		l[i] = d.str()
	}
	return l
}

func (d *decoder) env() []rule.EnvVar {
	n := d.count()
	if n == 0 {
		return nil
	}
	l := make([]rule.EnvVar, n)
	for i := range l {
		l[i].Name = d.str()
		l[i].Value = d.str()
	}
	return l
}

// DecodeSpec reads what EncodeSpec wrote; Inputs and Outputs are the caller's to fill in. The strings share one copy of b.
func DecodeSpec(b []byte) (*rule.Action, error) {
	d := &decoder{b: string(b)}
	if d.num() != specVersion {
		return nil, errSpec
	}
	a := &rule.Action{}
	form := d.num()
	a.Mnemonic = d.str()
	a.Subject = d.str()
	a.Case = d.str()
	flags := d.num()
	a.Test, a.Exclusive, a.Local, a.Uncached = flags&flagTest != 0, flags&flagExclusive != 0, flags&flagLocal != 0, flags&flagUncached != 0
	a.Resources = rule.Resources{Mem: int64(d.num()), Slots: int(d.num())}
	a.Picks = d.strs()
	if flags&flagAsks != 0 {
		a.Asks = &rule.Ask{Question: d.str(), File: d.str()}
	}
	switch form {
	case 1:
		a.Spawn = d.spawn(flags)
	case 2:
		a.Call = &rule.Call{Func: d.str(), Args: []byte(d.str())}
		if notes := d.str(); notes != "" {
			a.Call.Notes = []byte(notes)
		}
	case 3:
		a.Fetch = d.fetch(flags)
	default:
		d.bad = true
	}
	if d.bad || d.b != "" {
		return nil, errSpec
	}
	return a, nil
}

func (d *decoder) spawn(flags uint64) *rule.Spawn {
	s := &rule.Spawn{Posix: flags&flagPosix != 0, Network: flags&flagNetwork != 0}
	s.Argv = d.strs()
	s.Env = d.env()
	s.PassEnv = d.strs()
	s.ClientEnv = d.strs()
	s.HostTools = d.strs()
	s.Stdout = d.str()
	s.DepFile = d.str()
	s.Discover = d.strs()
	s.Relay = d.str()
	s.Timeout = time.Duration(d.num())
	for n := d.count(); n > 0; n-- {
		s.Scratch = append(s.Scratch, rule.Scratch{Name: d.str(), Env: d.str(), Shared: d.num() == 1})
	}
	s.Layers = d.layers()
	if flags&flagEach != 0 {
		s.Each = &rule.Each{Tree: rule.Artifact{Path: d.str(), Kind: rule.ArtifactKind(d.num())}, Globs: d.strs(), Alone: flags&flagAlone != 0, Empty: flags&flagEmptyEach != 0,
			Anywhere: flags&flagAnywhere != 0}
	}
	return s
}

// words reads a map; an empty one comes back as nil.
func (d *decoder) words() map[string]string {
	n := d.count()
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for ; n > 0; n-- {
		k := d.str()
		m[k] = d.str()
	}
	return m
}

func (d *decoder) fetch(flags uint64) *rule.Fetch {
	f := &rule.Fetch{Fetcher: d.str(), Executable: flags&flagExecutable != 0, EmptySubmodules: flags&flagEmptySubmodules != 0,
		Submodules: flags&flagSubmodules != 0}
	f.Params = d.words()
	f.SHA256 = d.str()
	f.Unpack = d.str()
	f.Strip = int(d.num())
	f.GitTree = d.str()
	f.Word = d.str()
	if flags&flagPin != 0 {
		f.Pin = &rule.Pin{Params: d.words(), Entry: d.words(), Follow: flags&flagFollow != 0, MayFollow: flags&flagMayFollow != 0}
	}
	return f
}
