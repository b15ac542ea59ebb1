package load

import (
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// FunctionDoc describes a function of the language, for reference pages and completion.
type FunctionDoc struct {
	Name      string
	Signature string
	Doc       string // one line
	Where     string // where it may be called, "" for everywhere
}

type builtin struct {
	signature string
	doc       string
	where     string
	fn        *function.Function // nil: made for each package, or where `where` says
}

// Functions gives all functions of the language, sorted by name.
func Functions() []FunctionDoc {
	names := builtinNames()
	ds := make([]FunctionDoc, len(names))
	for i, n := range names {
		b := builtins()[n]
		ds[i] = FunctionDoc{Name: n, Signature: b.signature, Doc: b.doc, Where: b.where}
	}
	return ds
}

func signature(name string) string { return builtins()[name].signature }

// builtinNames gives the names of all functions, sorted.
var builtinNames = sync.OnceValue(func() []string { return sortedKeys(builtins()) })

// baseContext is the scope that all others hang below: it holds the pure functions.
var baseContext = sync.OnceValue(func() *hcl.EvalContext {
	fs := map[string]function.Function{}
	for n, b := range builtins() {
		if b.fn != nil {
			fs[n] = *b.fn
		}
	}
	return &hcl.EvalContext{Functions: fs}
})

// builtins is the table of functions. It is made when first needed: a no-op needs none of it.
var builtins = sync.OnceValue(func() map[string]builtin {
	std := func(f function.Function, signature, doc string) builtin { return builtin{signature, doc, "", &f} }
	here := func(signature, doc, where string) builtin { return builtin{signature, doc, where, nil} }
	return map[string]builtin{
		// Tracked reads and what stands in some places only.
		"glob":         here("glob(patterns, exclude...)", "The package's files that match: `*`, `?`, `[a-z]` in a name, `**` for any folders. Sorted. Nothing found is an error unless the last argument is `{ allow_empty = true }`.", ""),
		"file":         here("file(path)", "The text of a file of the package.", ""),
		"git_describe": here("git_describe()", "What `git describe` says of the package's commit.", ""),
		"env":          here("env(name)", "A variable of the environment, null where it is not set.", "the default of a variable"),
		"tool":         here("tool(name)", "The path of one of the target's tools.", "attributes that are known when the target is analysed, such as argv"),
		"select":       std(selectFunc, "select(key, choices)", "The choice that key names, else the one called `default`."),

		"can":           std(tryfunc.CanFunc, "can(expression)", "Whether the expression has a value."),
		"try":           std(tryfunc.TryFunc, "try(expressions...)", "The first expression that has a value."),
		"abs":           std(stdlib.AbsoluteFunc, "abs(number)", "The number without its sign."),
		"ceil":          std(stdlib.CeilFunc, "ceil(number)", "The next whole number upwards."),
		"floor":         std(stdlib.FloorFunc, "floor(number)", "The next whole number downwards."),
		"log":           std(stdlib.LogFunc, "log(number, base)", "The logarithm."),
		"max":           std(stdlib.MaxFunc, "max(numbers...)", "The greatest number."),
		"min":           std(stdlib.MinFunc, "min(numbers...)", "The smallest number."),
		"parseint":      std(stdlib.ParseIntFunc, "parseint(text, base)", "The whole number that a text writes in a base."),
		"pow":           std(stdlib.PowFunc, "pow(number, exponent)", "The power."),
		"signum":        std(stdlib.SignumFunc, "signum(number)", "-1, 0 or 1, by the number's sign."),
		"chomp":         std(stdlib.ChompFunc, "chomp(text)", "The text without line ends at its end."),
		"endswith":      std(endsWithFunc, "endswith(text, suffix)", "Whether the text ends with suffix."),
		"format":        std(bounded(stdlib.FormatFunc), "format(template, values...)", "The template with its verbs (`%s`, `%d`, `%05.1f`, `%q`) filled in."),
		"formatlist":    std(bounded(stdlib.FormatListFunc), "formatlist(template, lists...)", "format for each element of the lists."),
		"indent":        std(indentFunc, "indent(spaces, text)", "The text with each line but the first moved to the right."),
		"join":          std(stdlib.JoinFunc, "join(separator, lists...)", "The lists' strings as one."),
		"lower":         std(stdlib.LowerFunc, "lower(text)", "The text in lower case."),
		"regex":         std(stdlib.RegexFunc, "regex(pattern, text)", "The first match: a string, or its groups."),
		"regex_replace": std(stdlib.RegexReplaceFunc, "regex_replace(text, pattern, replacement)", "The text with each match replaced; `${1}` is a group."),
		"regexall":      std(stdlib.RegexAllFunc, "regexall(pattern, text)", "All matches."),
		"replace":       std(stdlib.ReplaceFunc, "replace(text, old, new)", "The text with each old replaced by new."),
		"split":         std(stdlib.SplitFunc, "split(separator, text)", "The parts of the text between separators."),
		"startswith":    std(startsWithFunc, "startswith(text, prefix)", "Whether the text starts with prefix."),
		"strrev":        std(stdlib.ReverseFunc, "strrev(text)", "The text backwards."),
		"substr":        std(stdlib.SubstrFunc, "substr(text, offset, length)", "A part of the text; length -1 is all the rest."),
		"title":         std(stdlib.TitleFunc, "title(text)", "The text with each word's first letter in upper case."),
		"trim":          std(stdlib.TrimFunc, "trim(text, characters)", "The text without these characters at its ends."),
		"trimprefix":    std(stdlib.TrimPrefixFunc, "trimprefix(text, prefix)", "The text without prefix."),
		"trimspace":     std(stdlib.TrimSpaceFunc, "trimspace(text)", "The text without white space at its ends."),
		"trimsuffix":    std(stdlib.TrimSuffixFunc, "trimsuffix(text, suffix)", "The text without suffix."),
		"upper":         std(stdlib.UpperFunc, "upper(text)", "The text in upper case."),

		"chunklist":              std(stdlib.ChunklistFunc, "chunklist(list, size)", "The list in pieces of a size."),
		"coalesce":               std(stdlib.CoalesceFunc, "coalesce(values...)", "The first value that is not null."),
		"coalescelist":           std(stdlib.CoalesceListFunc, "coalescelist(lists...)", "The first list that is not empty."),
		"compact":                std(stdlib.CompactFunc, "compact(list)", "The strings that are not empty."),
		"concat":                 std(stdlib.ConcatFunc, "concat(lists...)", "The lists as one."),
		"contains":               std(stdlib.ContainsFunc, "contains(list, value)", "Whether the list holds the value."),
		"distinct":               std(stdlib.DistinctFunc, "distinct(list)", "The list with each value once."),
		"element":                std(stdlib.ElementFunc, "element(list, index)", "An element; the index wraps around."),
		"flatten":                std(stdlib.FlattenFunc, "flatten(list)", "The list with the lists in it opened."),
		"index":                  std(stdlib.IndexFunc, "index(list, key)", "What stands under a key or an index."),
		"keys":                   std(stdlib.KeysFunc, "keys(map)", "The keys, sorted."),
		"length":                 std(lengthFunc, "length(value)", "How many elements a list or map has, or letters a string."),
		"lookup":                 std(stdlib.LookupFunc, "lookup(map, key, default)", "What stands under the key, else the default."),
		"merge":                  std(stdlib.MergeFunc, "merge(maps...)", "The maps as one; later ones win."),
		"range":                  std(stdlib.RangeFunc, "range(start, limit, step)", "Numbers in equal steps, at most 1024. One argument is a limit."),
		"reverse":                std(stdlib.ReverseListFunc, "reverse(list)", "The list backwards."),
		"setintersection":        std(stdlib.SetIntersectionFunc, "setintersection(sets...)", "What all sets hold."),
		"setproduct":             std(setProductFunc, "setproduct(lists...)", "All combinations of one element from each."),
		"setsubtract":            std(stdlib.SetSubtractFunc, "setsubtract(a, b)", "What a holds and b does not."),
		"setsymmetricdifference": std(stdlib.SetSymmetricDifferenceFunc, "setsymmetricdifference(sets...)", "What just one of the sets holds."),
		"setunion":               std(stdlib.SetUnionFunc, "setunion(sets...)", "What any of the sets holds."),
		"slice":                  std(stdlib.SliceFunc, "slice(list, start, end)", "Elements from start up to, not with, end."),
		"sort":                   std(stdlib.SortFunc, "sort(list)", "The strings in order."),
		"values":                 std(stdlib.ValuesFunc, "values(map)", "The values, in the order of their keys."),
		"zipmap":                 std(stdlib.ZipmapFunc, "zipmap(keys, values)", "A map from two lists."),
		"tobool":                 std(stdlib.MakeToFunc(cty.Bool), "tobool(value)", "The value as true or false."),
		"tolist":                 std(stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "tolist(value)", "The value as a list."),
		"tomap":                  std(stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)), "tomap(value)", "The value as a map."),
		"tonumber":               std(toNumberFunc, "tonumber(value)", "The value as a number."),
		"toset":                  std(stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "toset(value)", "The value as a set."),
		"tostring":               std(stdlib.MakeToFunc(cty.String), "tostring(value)", "The value as a string."),

		"csvdecode":  std(stdlib.CSVDecodeFunc, "csvdecode(text)", "A list of maps, one for each row below the header."),
		"formatdate": std(stdlib.FormatDateFunc, "formatdate(form, time)", "An RFC 3339 time in another form."),
		"jsondecode": std(jsonDecodeFunc, "jsondecode(text)", "The value of a JSON text."),
		"jsonencode": std(stdlib.JSONEncodeFunc, "jsonencode(value)", "The value as JSON."),
		"timeadd":    std(stdlib.TimeAddFunc, "timeadd(time, duration)", "An RFC 3339 time some time later."),
		"yamldecode": std(yamlDecodeFunc, "yamldecode(text)", "The value of a YAML document."),
	}
})
