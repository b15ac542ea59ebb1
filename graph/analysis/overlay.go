package analysis

import (
	"maps"
	"slices"
	"time"

	"github.com/cairn-build/cairn/graph/rule"
)

// commonEnv gives the target's env attribute; where it uses in.*, out or tool(), the kind's own scope serves.
func commonEnv(c *rule.Context) map[string]string {
	if c.Has("env") {
		return c.StringMap("env")
	}
	return c.Target.Common.Env
}

// overlay lays what every kind has over an action that a kind declared. What the kind said itself about time and
// resources stays; variables of the target win over the kind's.
func overlay(a *rule.Action, t *rule.Target, env map[string]string) {
	c := t.Common
	a.Exclusive = a.Exclusive || c.Exclusive
	a.Local = a.Local || c.Local
	if a.Resources == (rule.Resources{}) {
		a.Resources = c.Resources
	}
	s := a.Spawn
	if s == nil {
		return
	}
	if len(env) > 0 {
		all := map[string]string{}
		for _, e := range s.Env {
			all[e.Name] = e.Value
		}
		maps.Copy(all, env)
		s.Env = s.Env[:0:0]
		for _, name := range slices.Sorted(maps.Keys(all)) {
			s.Env = append(s.Env, rule.EnvVar{Name: name, Value: all[name]})
		}
	}
	if len(c.PassEnv) > 0 {
		s.PassEnv = append(slices.Clone(s.PassEnv), c.PassEnv...)
		slices.Sort(s.PassEnv)
		s.PassEnv = slices.Compact(s.PassEnv)
	}
	if len(s.PassEnv) > 0 {
		a.Uncached = true
	}
	if s.Timeout == 0 {
		s.Timeout = time.Duration(c.TimeoutNS)
	}
	s.Network = s.Network || c.Network
}
