package build

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// notFound is how compilers, programs of C and Python say that a file is not there.
var notFound = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([^\s:'"` + "`" + `]+)'?: No such file or directory|'([^'\n]+)' file not found|No such file or directory: '([^'\n]+)'`)
})

// mostMissing bounds how many files a failure is explained for.
const mostMissing = 3

// missing names, for files that an action's output says are not there, the targets of the workspace that have a file of that name: the
// action sees what it declares, and nothing else.
func (s *session) missing(t *turn, output []byte) []string {
	var hs []string
	var seen []string
	for _, m := range notFound().FindAllSubmatch(output, 20) {
		name := path.Clean(cmp.Or(string(m[1]), string(m[2]), string(m[3])))
		if path.IsAbs(name) || strings.HasPrefix(name, "..") || name == "." || slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		if at, label := s.whoHas(t, name); label != "" {
			hs = append(hs, fmt.Sprintf("%s is a file of %s (%s), which was not given to this action: name what has it, in deps say, or the file itself", name, label, at))
		}
		if len(hs) == mostMissing {
			break
		}
	}
	return hs
}

// whoHas looks for a file by the end of its path among those that other targets read or make, and gives it and the target. One of the
// kind that fails comes first, then the first by label.
func (s *session) whoHas(t *turn, name string) (at, label string) {
	own := s.g.ActionTarget(t.id)
	inputs := s.g.Inputs(t.id)
	best := false
	for a := range state.ArtifactID(s.g.NumArtifacts()) {
		p := s.g.Path(a)
		if s.g.Kind(a) == rule.OutputTree || p != name && !strings.HasSuffix(p, "/"+name) || slices.Contains(inputs, a) {
			continue
		}
		actions := s.g.Consumers(a)
		if made, ok := s.g.Producer(a); ok {
			actions = []state.ActionID{made}
		}
		for _, act := range actions {
			target := s.g.ActionTarget(act)
			if target == own {
				continue
			}
			same := s.g.TargetKind(target) == s.g.TargetKind(own)
			l := s.g.LabelText(target)
			if label == "" || same && !best || same == best && l < label {
				at, label, best = p, l, same
			}
		}
	}
	return at, label
}
