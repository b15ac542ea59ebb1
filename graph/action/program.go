package action

import (
	"time"

	"github.com/cairn-build/cairn/graph/rule"
)

// The encoded form of a program, as the snapshot keeps it beside its target: version 6, argv, env, passed names, data, tools, trees,
// layers, path, names of variables that are paths, whether it starts here, and 1 with the script's own words or 0.
const programVersion = 6

// EncodeProgram gives what `cairn run` needs of p.
func EncodeProgram(p rule.Program) []byte {
	e := &encoder{}
	e.num(programVersion)
	e.strs(p.Argv)
	e.env(p.Env)
	e.strs(p.PassEnv)
	e.artifacts(p.Data)
	e.strs(p.Tools)
	e.artifacts(p.Trees)
	e.layers(p.Layers)
	e.strs(p.Path)
	e.strs(p.Paths)
	if p.Here {
		e.num(1)
	} else {
		e.num(0)
	}
	if s := p.Script; s != nil {
		e.num(1)
		e.str(s.Dir)
		e.strs(s.Path)
		e.num(uint64(s.Grace))
		flags := uint64(0)
		if s.Calls {
			flags |= 1
		}
		if s.Chosen {
			flags |= 2
		}
		e.num(flags)
		e.strs([]string{s.Init, s.Main, s.Env, s.Key, s.List, s.Project})
	} else {
		e.num(0)
	}
	return e.b
}

func (e *encoder) artifacts(as []rule.Artifact) {
	e.num(uint64(len(as)))
	for _, a := range as {
		e.str(a.Path)
		e.num(uint64(a.Kind))
	}
}

func (d *decoder) artifacts() []rule.Artifact {
	var as []rule.Artifact
	for n := d.count(); n > 0; n-- {
		as = append(as, rule.Artifact{Path: d.str(), Kind: rule.ArtifactKind(d.num())})
	}
	return as
}

// DecodeProgram reads what EncodeProgram wrote; false for damaged bytes.
func DecodeProgram(b []byte) (rule.Program, bool) {
	d := &decoder{b: string(b)}
	if d.num() != programVersion {
		return rule.Program{}, false
	}
	p := rule.Program{Argv: d.strs(), Env: d.env(), PassEnv: d.strs()}
	p.Data = d.artifacts()
	p.Tools = d.strs()
	p.Trees = d.artifacts()
	p.Layers = d.layers()
	p.Path = d.strs()
	p.Paths = d.strs()
	p.Here = d.num() == 1
	if d.num() == 1 {
		s := &rule.Script{Dir: d.str(), Path: d.strs(), Grace: time.Duration(d.num())}
		flags := d.num()
		s.Calls, s.Chosen = flags&1 != 0, flags&2 != 0
		if words := d.strs(); len(words) == 6 {
			s.Init, s.Main, s.Env, s.Key, s.List, s.Project = words[0], words[1], words[2], words[3], words[4], words[5]
		} else {
			d.bad = true
		}
		p.Script = s
	}
	return p, !d.bad && d.b == ""
}
