package action

import (
	"github.com/cairn-build/cairn/graph/rule"
)

// The encoded form of a program, as the snapshot keeps it beside its target: version 1, argv, env, passed names, data, tools.
const programVersion = 1

// EncodeProgram gives what `cairn run` needs of p.
func EncodeProgram(p rule.Program) []byte {
	e := &encoder{}
	e.num(programVersion)
	e.strs(p.Argv)
	e.env(p.Env)
	e.strs(p.PassEnv)
	e.num(uint64(len(p.Data)))
	for _, a := range p.Data {
		e.str(a.Path)
		e.num(uint64(a.Kind))
	}
	e.strs(p.Tools)
	return e.b
}

// DecodeProgram reads what EncodeProgram wrote; false for damaged bytes.
func DecodeProgram(b []byte) (rule.Program, bool) {
	d := &decoder{b: string(b)}
	if d.num() != programVersion {
		return rule.Program{}, false
	}
	p := rule.Program{Argv: d.strs(), Env: d.env(), PassEnv: d.strs()}
	for n := d.count(); n > 0; n-- {
		p.Data = append(p.Data, rule.Artifact{Path: d.str(), Kind: rule.ArtifactKind(d.num())})
	}
	p.Tools = d.strs()
	return p, !d.bad && d.b == ""
}
