package spec

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// Channels are the names of conda channels that need no address.
var Channels = map[string]string{
	"conda-forge":               "https://conda.anaconda.org/conda-forge/",
	"microsoft":                 "https://conda.anaconda.org/microsoft/",
	"ecoscope-workflows":        "https://repo.prefix.dev/ecoscope-workflows/",
	"ecoscope-workflows-custom": "https://repo.prefix.dev/ecoscope-workflows-custom/",
	"artifacts":                 "file:///tmp/ecoscope-workflows/release/artifacts/",
	"ecoscope-workflows-custom/release/artifacts": "file:///tmp/ecoscope-workflows-custom/release/artifacts/",
	"wt-conda-channel":                            "file:///tmp/wt-conda-channel/",
}

// DefaultChannel is that of a conda requirement that names none.
const DefaultChannel = "conda-forge"

var (
	condaKeys = []string{"name", "version", "channel", "requirement"}
	pypiKeys  = []string{"name", "git", "path", "url", "rev", "branch", "tag", "editable", "subdirectory", "extras"}
)

// condaName says whether conda can call a package so.
func condaName(s string) bool {
	return s != "" && !strings.ContainsRune(".-", rune(s[0])) && packageLetters(s)
}

// pypiName says whether PyPI can (PEP 508).
func pypiName(s string) bool {
	return s != "" && !strings.ContainsRune("._-", rune(s[0])) && !strings.ContainsRune("._-", rune(s[len(s)-1])) && packageLetters(s)
}

func packageLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	}) < 0
}

func (c *checker) requirements(s *Spec, n *yamltree.Node) {
	seen := map[string]string{}
	for i, e := range n.List {
		at := "/requirements/" + strconv.Itoa(i)
		c.context = ""
		c.places[at] = e.Head()
		if e.Kind != yamltree.Map {
			hint := ""
			if e.Kind == yamltree.String {
				hint = fmt.Sprintf("Write `- requirement: %q`.", quote.Clip(e.Text))
			}
			c.wrongType(e, "A requirement is a mapping", "Input should be a valid dictionary", hint)
			continue
		}
		if name := e.Get("name"); name != nil && name.Kind == yamltree.String {
			c.context = fmt.Sprintf("requirement %q", quote.Clip(name.Text))
		}
		var r Requirement
		if slices.ContainsFunc(e.Pairs, func(p yamltree.Pair) bool { return p.Key != "name" && slices.Contains(pypiKeys, p.Key) }) {
			r = c.pypi(e, at)
		} else {
			r = c.conda(e, at)
		}
		if r.Name != "" {
			world := strconv.FormatBool(r.PyPI()) + strings.ToLower(r.Name)
			if first, ok := seen[world]; ok {
				c.report(diag.Diag{Warning: true, Code: "duplicate-requirement", Summary: fmt.Sprintf("The package %q is required twice", quote.Clip(r.Name)), Detail: "The last one counts.",
					Range: c.places.Value(at + "/name"), Related: []diag.Related{{Range: c.places.Value(first), Text: "the first one"}}})
			}
			seen[world] = at + "/name"
		}
		s.Requirements = append(s.Requirements, r)
	}
}

func (c *checker) conda(n *yamltree.Node, at string) Requirement {
	r := Requirement{Channel: DefaultChannel}
	if short := n.Get("requirement"); short != nil {
		c.mapping(n, at, shape{what: "A requirement in short form", keys: []string{"requirement", "channel"},
			retired: map[string]string{"name": "The short form holds name and version.", "version": "The short form holds name and version."}})
		if text, ok := c.text(short, "requirement"); ok {
			c.context = fmt.Sprintf("requirement %q", quote.Clip(text))
			c.matchSpec(&r, text, short.Range)
		}
	} else {
		c.mapping(n, at, shape{what: "A conda requirement", keys: condaKeys, required: []string{"name", "version"}})
		if name, ok := c.text(n.Get("name"), "A requirement's name"); ok {
			r.Name = name
			c.packageName(name, condaName, n.Get("name").Range)
		}
		if v, ok := c.text(n.Get("version"), "A requirement's version"); ok {
			if r.Version = strings.TrimSpace(v); r.Version == "" {
				r.Version = "*" // as the ecosystem reads it
			}
			c.version(r.Version, n.Get("version").Range)
		}
	}
	if ch := n.Get("channel"); ch != nil {
		if name, ok := c.text(ch, "A channel"); ok {
			r.Channel = name
			c.channel(name, ch.Range)
		}
	}
	return r
}

func (c *checker) packageName(name string, form func(string) bool, rng diag.Range) {
	if form(name) {
		return
	}
	hint := ""
	if strings.ContainsAny(name, "<>=!~ ") {
		hint = fmt.Sprintf("Write `requirement: %q`, or give name and version apart.", quote.Clip(name))
	}
	c.bad("bad-requirement", rng, fmt.Sprintf("%q is no name of a package", quote.Clip(name)), "A name has letters, digits, `.`, `_` and `-`.", hint)
}

func (c *checker) version(v string, rng diag.Range) {
	if err := CheckVersion(v); err != nil {
		c.bad("bad-requirement", rng, fmt.Sprintf("Bad version %q", quote.Clip(v)), fmt.Sprintf("unable to parse version spec: %s.", err), versionHint(v))
	}
}

func (c *checker) channel(name string, rng diag.Range) {
	if _, known := Channels[name]; known {
		return
	}
	if u, err := url.Parse(name); err == nil && u.Scheme != "" && strings.Contains(name, "://") {
		if u.Scheme == "file" && strings.ContainsAny(name, shellLetters) {
			c.bad("bad-requirement", rng, fmt.Sprintf("%q is no address", quote.Clip(name)), "A channel's folder is named in commands, and has no letters that a shell reads.", "")
		} else {
			c.address(name, rng)
		}
		return
	}
	names := make([]string, 0, len(Channels))
	for n := range Channels {
		names = append(names, n)
	}
	slices.Sort(names)
	c.bad("bad-requirement", rng, fmt.Sprintf("Unknown channel %s", quote.Clip(name)), "A channel is an address or one of "+list(names)+".", diag.DidYouMean(name, names))
}

// shellLetters may stand in addresses, and mean something to a shell.
const shellLetters = "$&;()*?!#'[]{}~%="

// address checks that a text can be, or be a part of, an address that others read: a requirement of pip's, say.
func (c *checker) address(s string, rng diag.Range) {
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(" \"<>\\^`|", r) }); i >= 0 {
		c.bad("bad-requirement", rng, fmt.Sprintf("%q is no address", quote.Clip(s)), "An address has neither spaces nor quotes nor what cannot be seen.", "")
	}
}

// matchSpec reads the short form: [channel::]name[ version].
func (c *checker) matchSpec(r *Requirement, text string, rng diag.Range) {
	fail := func(detail string) {
		c.bad("bad-requirement", rng, fmt.Sprintf("Bad requirement %q", quote.Clip(text)), detail, `It is written [channel::]name[version], "numpy>=1.26,<3".`)
	}
	rest := strings.TrimSpace(text)
	if ch, after, ok := strings.Cut(rest, "::"); ok {
		r.Channel, rest = strings.TrimSpace(ch), strings.TrimSpace(after)
		c.channel(r.Channel, rng)
	}
	if strings.Contains(rest, "[") {
		fail("The form with brackets is not read.")
		return
	}
	end := strings.IndexFunc(rest, func(x rune) bool { return strings.ContainsRune(" \t=<>!~", x) })
	if end < 0 {
		end = len(rest)
	}
	r.Name, r.Version = rest[:end], strings.TrimSpace(rest[end:])
	if !condaName(r.Name) {
		fail(fmt.Sprintf("`%s` is no name of a package.", quote.Clip(r.Name)))
		return
	}
	if r.Version == "" {
		r.Version = "*"
	}
	c.version(r.Version, rng)
}

func (c *checker) pypi(n *yamltree.Node, at string) Requirement {
	var r Requirement
	for _, p := range n.Pairs {
		c.places[at+"/"+yamltree.Step(p.Key)+keyMark] = p.At
	}
	c.mapping(n, at, shape{what: "A PyPI requirement", keys: pypiKeys, required: []string{"name"},
		retired: map[string]string{"version": "The source decides the version.", "channel": "A channel is for conda; git, path or url says where this one is from."}})
	if name, ok := c.text(n.Get("name"), "A requirement's name"); ok {
		r.Name = name
		c.packageName(name, pypiName, n.Get("name").Range)
	}
	given := func(keys ...string) (out []string) {
		for _, k := range keys {
			if v := n.Get(k); v != nil && v.Kind != yamltree.Null {
				out = append(out, k)
			}
		}
		return out
	}
	read := func(key string, to *string) {
		if v := n.Get(key); v != nil && v.Kind != yamltree.Null {
			if s, ok := c.text(v, key); ok {
				*to = s
				if s == "" {
					c.bad("bad-requirement", v.Range, fmt.Sprintf("%q is empty", key), "", "Give it a value, or take the key out.")
				}
			}
		}
	}
	for key, to := range map[string]*string{"git": &r.Git, "path": &r.Path, "url": &r.URL, "rev": &r.Rev, "branch": &r.Branch, "tag": &r.Tag, "subdirectory": &r.Subdirectory} {
		read(key, to)
	}
	for _, key := range []string{"git", "url", "rev", "branch", "tag", "subdirectory"} {
		if v := n.Get(key); v != nil && v.Kind == yamltree.String {
			c.address(v.Text, v.Range)
		}
	}
	if strings.IndexFunc(r.Path, unicode.IsControl) >= 0 {
		c.bad("bad-requirement", n.Get("path").Range, fmt.Sprintf("%q is no path", quote.Clip(r.Path)), "A path has no letters that cannot be seen.", "")
	}
	r.Extras = c.texts(n.Get("extras"), at+"/extras", "extras")
	for _, x := range r.Extras {
		if !pypiName(x) {
			c.bad("bad-requirement", n.Get("extras").Range, fmt.Sprintf("%q is no name of an extra", quote.Clip(x)), "A name has letters, digits, `.`, `_` and `-`.", "")
		}
	}
	if e := n.Get("editable"); e != nil && e.Kind != yamltree.Null {
		if e.Kind != yamltree.Bool {
			c.wrongType(e, "editable is true or false", "Input should be a valid boolean", "")
		}
		r.Editable = e.Text == "true"
	}
	c.pypiRules(n, at, r, given)
	return r
}

// pypiRules checks which keys go together.
func (c *checker) pypiRules(n *yamltree.Node, at string, r Requirement, given func(...string) []string) {
	fail := func(key, summary, detail, hint string) {
		rng := n.Head()
		if key != "" {
			rng = c.places.Key(at + "/" + key)
		}
		c.bad("bad-requirement", rng, summary, fmt.Sprintf(detail, quote.Clip(r.Name)), hint)
	}
	const one = "Exactly one of 'git', 'path' or 'url' is set for PyPI requirement '%s'."
	switch sources := given("git", "path", "url"); len(sources) {
	case 0:
		fail("", "No source", one, "")
	case 1:
	default:
		fail(sources[1], "Two sources", one, "")
	}
	refs := given("rev", "branch", "tag")
	if len(refs) > 1 {
		fail(refs[1], "Two revisions", "At most one of 'rev', 'branch' or 'tag' is set for PyPI requirement '%s'.", "")
	}
	if len(refs) > 0 && len(given("git")) == 0 {
		fail(refs[0], fmt.Sprintf("%q without \"git\"", refs[0]), "'rev', 'branch' and 'tag' are only valid with 'git' for PyPI requirement '%s'.", "")
	}
	if len(given("editable")) > 0 && len(given("path")) == 0 {
		fail("editable", `"editable" without "path"`, "'editable' is only valid with 'path' for PyPI requirement '%s'.", "")
	}
	switch {
	case r.Path == "":
	case strings.HasPrefix(r.Path, "file://"):
		fail("path", "The path is an address", "'path' of PyPI requirement '%s' is a path, not a file:// URL.", fmt.Sprintf("Write %q.", quote.Clip(strings.TrimPrefix(r.Path, "file://"))))
	case !path.IsAbs(r.Path):
		fail("path", "The path is relative", "'path' of PyPI requirement '%s' must be an absolute filesystem path.", "")
	}
}
