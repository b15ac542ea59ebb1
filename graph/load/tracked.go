package load

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// trackedFunctions are those that read something, for one package.
func (u *unit) trackedFunctions() map[string]function.Function {
	return map[string]function.Function{"glob": u.globFunc(), "file": u.fileFunc(), "git_describe": u.gitFunc()}
}

// globOptions is what the last argument of glob can say.
type globOptions struct {
	exclude    []string
	allowEmpty bool
}

func (u *unit) globFunc() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "patterns", Type: cty.DynamicPseudoType}},
		VarParam: &function.Parameter{Name: "exclude", Type: cty.DynamicPseudoType},
		Type:     function.StaticReturnType(cty.List(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			include, err := stringsOf(args[0], 0)
			if err != nil {
				return cty.DynamicVal, err
			}
			var o globOptions
			for i, a := range args[1:] {
				if a.Type().IsObjectType() && i == len(args)-2 {
					if err := o.read(a, i+1); err != nil {
						return cty.DynamicVal, err
					}
					continue
				}
				x, err := stringsOf(a, i+1)
				if err != nil {
					return cty.DynamicVal, err
				}
				o.exclude = append(o.exclude, x...)
			}
			files, p := u.glob(include, o.exclude)
			if p != nil {
				return cty.DynamicVal, p
			}
			if len(files) == 0 {
				if !o.allowEmpty {
					return cty.DynamicVal, &problem{code: "empty-glob", summary: "glob finds no file",
						detail: fmt.Sprintf("Nothing in %s matches %s.", orRoot(u.path), clip(strings.Join(include, ", "))),
						hint:   "Where that is fine, say so: glob([...], { allow_empty = true })"}
				}
				return cty.ListValEmpty(cty.String), nil
			}
			vs := make([]cty.Value, len(files))
			for i, f := range files {
				vs[i] = cty.StringVal(f)
			}
			return cty.ListVal(vs), nil
		},
	})
}

func (o *globOptions) read(v cty.Value, arg int) error {
	for name := range v.Type().AttributeTypes() {
		x := v.GetAttr(name)
		switch name {
		case "allow_empty":
			if x.IsNull() || !x.IsKnown() || x.Type() != cty.Bool {
				return function.NewArgErrorf(arg, "allow_empty is true or false")
			}
			o.allowEmpty = x.True()
		case "exclude":
			list, err := stringsOf(x, arg)
			if err != nil {
				return err
			}
			o.exclude = append(o.exclude, list...)
		default:
			return function.NewArgErrorf(arg, "there is no option %s; there are exclude and allow_empty", quoteName(name))
		}
	}
	return nil
}

// stringsOf gives a string, or the strings of a list.
func stringsOf(v cty.Value, arg int) ([]string, error) {
	bad := function.NewArgErrorf(arg, "a pattern or a list of patterns")
	if v.IsNull() || !v.IsWhollyKnown() {
		return nil, bad
	}
	if v.Type() == cty.String {
		return []string{v.AsString()}, nil
	}
	t := v.Type()
	if !t.IsListType() && !t.IsTupleType() && !t.IsSetType() {
		return nil, bad
	}
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() || e.Type() != cty.String {
			return nil, bad
		}
		out = append(out, e.AsString())
	}
	return out, nil
}

func (u *unit) fileFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			rel := args[0].AsString()
			if why := badText(rel); why != "" {
				return cty.DynamicVal, function.NewArgErrorf(0, "%s", why)
			}
			full, p := u.source(rel)
			if p != nil {
				return cty.DynamicVal, p
			}
			b, err := u.l.rec.expr(full)
			if err != nil {
				return cty.DynamicVal, &problem{code: "unreadable", summary: "Cannot read " + quoteName(rel), detail: capital(reason(err)) + "."}
			}
			if len(b) > maxFile {
				return cty.DynamicVal, &problem{code: "too-large", summary: fmt.Sprintf("%s is too large for file()", quoteName(rel)), detail: fmt.Sprintf("It has %d bytes.", len(b))}
			}
			if why := badText(string(b)); why != "" {
				return cty.DynamicVal, &problem{code: "bad-string", summary: fmt.Sprintf("%s is no text", quoteName(rel)), detail: why}
			}
			return cty.StringVal(string(b)), nil
		},
	})
}

func (u *unit) gitFunc() function.Function {
	return function.New(&function.Spec{
		Type: function.StaticReturnType(cty.String),
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			s, err := u.l.rec.git(u.path, filepath.Join(u.l.o.Root, filepath.FromSlash(u.path)))
			if err == nil {
				if why := badText(s); why != "" {
					err = errors.New(why)
				}
			}
			if err != nil {
				return cty.DynamicVal, &problem{code: "no-git", summary: "git_describe() has no answer", detail: capital(err.Error()) + "."}
			}
			return cty.StringVal(s), nil
		},
	})
}
