package action

import "github.com/cairn-build/cairn/graph/rule"

// The encoded form of what a target keeps in the source tree, as the snapshot has it beside the target: version 1, how many there
// are, each with artifact, place, when, mark, patterns and header, then the artifacts that are only checked.
const keptVersion = 1

// EncodeKept gives what `cairn check` and `--write` need.
func EncodeKept(ks []rule.Kept, checked []rule.Artifact) []byte {
	e := &encoder{}
	e.num(keptVersion)
	e.num(uint64(len(ks)))
	for _, k := range ks {
		e.artifacts([]rule.Artifact{k.From})
		e.strs([]string{k.To, k.On, k.Mark, k.Header})
		e.strs(k.Leave)
	}
	e.artifacts(checked)
	return e.b
}

// DecodeKept reads what EncodeKept wrote; false for damaged bytes.
func DecodeKept(b []byte) (ks []rule.Kept, checked []rule.Artifact, ok bool) {
	d := &decoder{b: string(b)}
	if d.num() != keptVersion {
		return nil, nil, false
	}
	for n := d.count(); n > 0; n-- {
		from, words := d.artifacts(), d.strs()
		if len(from) != 1 || len(words) != 4 {
			return nil, nil, false
		}
		ks = append(ks, rule.Kept{From: from[0], To: words[0], On: words[1], Mark: words[2], Header: words[3], Leave: d.strs()})
	}
	checked = d.artifacts()
	return ks, checked, !d.bad && d.b == ""
}
