package reapi

import (
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
)

// EnvVar is a variable of a command's environment.
type EnvVar struct{ Name, Value string }

// Property is one thing asked of the platform that runs an action.
type Property struct{ Name, Value string }

// Command is what to run.
type Command struct {
	Args       []string
	Env        []EnvVar
	Outputs    []string // output_paths, relative to WorkingDir
	WorkingDir string
	Platform   []Property
}

// Action is a command together with all that it reads. Its digest is the full key of the work. There is no timeout in it.
type Action struct {
	Command    digest.Digest
	InputRoot  digest.Digest
	Salt       []byte
	DoNotCache bool
	Platform   []Property
}

func comparePair(an, av, bn, bv string) int {
	if c := strings.Compare(an, bn); c != 0 {
		return c
	}
	return strings.Compare(av, bv)
}

func compareEnv(a, b EnvVar) int        { return comparePair(a.Name, a.Value, b.Name, b.Value) }
func compareProperty(a, b Property) int { return comparePair(a.Name, a.Value, b.Name, b.Value) }

func sizePair(a, b string) int { return sizeString(a) + sizeString(b) }

func sizePlatform(ps []Property) int {
	size := 0
	for i := range ps {
		size += sizeLen(sizePair(ps[i].Name, ps[i].Value))
	}
	return size
}

// AppendPlatform appends a Platform message. Properties that are out of order are sorted in place first.
func AppendPlatform(dst []byte, ps []Property) []byte {
	if !slices.IsSortedFunc(ps, compareProperty) {
		slices.SortFunc(ps, compareProperty)
	}
	for i := range ps {
		dst = appendHead(dst, 1, sizePair(ps[i].Name, ps[i].Value))
		dst = appendString(appendString(dst, 1, ps[i].Name), 2, ps[i].Value)
	}
	return dst
}

func appendPlatformField(dst []byte, field byte, ps []Property) []byte {
	if len(ps) == 0 {
		return dst
	}
	return AppendPlatform(appendHead(dst, field, sizePlatform(ps)), ps)
}

// AppendCommand appends a Command message. Env, Outputs and Platform are sorted in place first where they are out of
// order; an output path that is given twice is written once.
func AppendCommand(dst []byte, c *Command) []byte {
	if !slices.IsSortedFunc(c.Env, compareEnv) {
		slices.SortFunc(c.Env, compareEnv)
	}
	if !slices.IsSorted(c.Outputs) {
		slices.Sort(c.Outputs)
	}
	for _, a := range c.Args {
		dst = appendElem(dst, 1, a)
	}
	for i := range c.Env {
		dst = appendHead(dst, 2, sizePair(c.Env[i].Name, c.Env[i].Value))
		dst = appendString(appendString(dst, 1, c.Env[i].Name), 2, c.Env[i].Value)
	}
	dst = appendPlatformField(dst, 5, c.Platform)
	dst = appendString(dst, 6, c.WorkingDir)
	for i, o := range c.Outputs {
		if i == 0 || o != c.Outputs[i-1] {
			dst = appendElem(dst, 7, o)
		}
	}
	return dst
}

// AppendAction appends an Action message. A Platform that is out of order is sorted in place first.
func AppendAction(dst []byte, a *Action) []byte {
	dst = appendDigestField(dst, 1, a.Command)
	dst = appendDigestField(dst, 2, a.InputRoot)
	dst = appendBool(dst, 7, a.DoNotCache)
	if len(a.Salt) > 0 {
		dst = append(appendHead(dst, 9, len(a.Salt)), a.Salt...)
	}
	return appendPlatformField(dst, 10, a.Platform)
}
