// Package pyfmt prints the Python that cairn generates, and leaves it as `ruff format` with its default settings would.
//
// It is no formatter: it knows the few forms that generated code has, and is given what they mean, not text.
package pyfmt

// Expr is an expression.
type Expr struct{ doc doc }

// Raw is an expression as it is written: a name, a number, short code that is never to be broken.
func Raw(code string) Expr { return Expr{text(code)} }

// Str is a string.
func Str(s string) Expr { return Expr{text(Quote(s))} }

// List is a list display.
func List(xs ...Expr) Expr { return Expr{items("[", "]", docs(xs), false)} }

// Tuple is a tuple display.
func Tuple(xs ...Expr) Expr { return Expr{items("(", ")", docs(xs), len(xs) == 1)} }

// Pair is a key of a dictionary with its value.
type Pair struct {
	Key   string
	Value Expr
}

// Dict is a dictionary of text keys.
func Dict(ps ...Pair) Expr {
	ds := make([]doc, len(ps))
	for i, p := range ps {
		ds[i] = concat{text(Quote(p.Key) + ": "), p.Value.doc}
	}
	return Expr{items("{", "}", ds, false)}
}

// Arg is an argument of a call.
type Arg struct{ doc doc }

// Pos is an argument without a name.
func Pos(x Expr) Arg { return Arg(x) }

// Key is name=x.
func Key(name string, x Expr) Arg { return Arg{concat{text(name + "="), x.doc}} }

// Rest is **x.
func Rest(x Expr) Arg { return Arg{concat{text("**"), x.doc}} }

// Call is f(args).
func Call(f string, args ...Arg) Expr { return Expr{concat{text(f), arguments(args)}} }

// Index is x[key].
func Index(x string, key Expr) Expr {
	return Expr{concat{text(x), group{concat{text("["), indent{concat{soft{}, key.doc}}, soft{}, text("]")}}}}
}

// Or is (x or y).
func Or(x, y Expr) Expr {
	return Expr{group{concat{text("("), indent{concat{soft{}, x.doc, line{}, text("or "), y.doc}}, soft{}, text(")")}}}
}

// Link is one method call of a chain.
type Link struct {
	Method string
	Args   []Arg
	Note   string // a comment above it, "" for none; the chain is in several lines then
}

// Chain is first.a().b(): in one line if it fits, if need be in parentheses, else with a line for each call. It has two calls at least.
func Chain(first Expr, links ...Link) Expr {
	c := concat{first.doc}
	for _, l := range links {
		if l.Note != "" {
			c = append(c, hard{}, text("# "+l.Note))
		}
		c = append(c, soft{}, text("."+l.Method), arguments(l.Args))
	}
	return Expr{group{concat{broken("("), indent{concat{soft{}, group{c}}}, soft{}, broken(")")}}}
}

func arguments(args []Arg) doc {
	if len(args) == 0 {
		return text("()")
	}
	ds := make([]doc, len(args))
	for i, a := range args {
		ds[i] = a.doc
	}
	// The arguments of a call that is too long may still all stand in one line below it.
	return group{concat{text("("), indent{concat{soft{}, group{commas(ds, false)}}}, soft{}, text(")")}}
}

// items is a display: in several lines each element has its own.
func items(left, right string, ds []doc, always bool) doc {
	if len(ds) == 0 {
		return text(left + right)
	}
	return group{concat{text(left), indent{concat{soft{}, commas(ds, always)}}, soft{}, text(right)}}
}

func commas(ds []doc, always bool) doc {
	var c concat
	for i, d := range ds {
		if i > 0 {
			c = append(c, text(","), line{})
		}
		c = append(c, d)
	}
	if always {
		return append(c, text(","))
	}
	return append(c, broken(","))
}

func docs(xs []Expr) []doc {
	ds := make([]doc, len(xs))
	for i, x := range xs {
		ds[i] = x.doc
	}
	return ds
}

// Assign is `target = x` as a statement that is indented by so many columns, with its line end.
func Assign(indented int, target string, x Expr) string { return statement(indented, target+" = ", x) }

// Return is `return x` as a statement.
func Return(indented int, x Expr) string { return statement(indented, "return ", x) }

// Show is x alone, as a statement.
func Show(indented int, x Expr) string { return statement(indented, "", x) }

func statement(indented int, head string, x Expr) string {
	d := concat{text(head), x.doc}
	// A name, a number or a string alone goes into parentheses if it fits in a line there.
	if t, ok := x.doc.(text); ok && head != "" && indented+width(head)+width(string(t)) > columns && indented+4+width(string(t)) <= columns {
		d = concat{text(head + "("), indent{concat{hard{}, t}}, hard{}, text(")")}
	}
	return layout(d, indented) + "\n"
}

// Def is the head of a function whose parameters are written with their types.
func Def(indented int, name string, params []string, returns string) string {
	as := make([]Arg, len(params))
	for i, p := range params {
		as[i] = Arg{text(p)}
	}
	return layout(concat{text("def " + name), arguments(as), text(" -> " + returns + ":")}, indented) + "\n"
}
