// Package module holds the kinds ioc_module and ioc_pool: what builds the versioned tree of a module of EPICS, and where others look for it.
package module

import (
	_ "embed"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

//go:embed ioc_module.md
var doc string

// Kind builds the versioned tree of a module of EPICS.
var Kind = &rule.Rule{
	Kind: "ioc_module",
	Doc:  doc,
	Attrs: []rule.Attr{
		{Name: "module", Type: rule.String, Doc: "What EPICS calls the module; by default the target's name. Instances of a `for_each` share it."},
		{Name: "version", Type: rule.String, Required: true, Doc: "MAJOR.MINOR.PATCH, with `+REVISION` where the same sources are built again; any other word is a test version."},
		ioc.BaseAttr,
		{Name: "tree", Type: rule.LabelRef, Doc: "A target that gives a folder, such as a `git_source` or an unpacked `registry_file`. Plain words in the attributes below are then paths in it, and `./file` is a file of the package."},
		{Name: "tree_root", Type: rule.String, Doc: "The folder in `tree` that these paths start from."},
		filesIn("sources", "What is compiled: C, C++, state notation (`.st`, `.stt`), lex (`.l`) and yacc (`.y`), one action for each."),
		filesIn("headers", "What other modules compile with, installed in `include` without folders. With `tree`, patterns are allowed."),
		{Name: "keep_header_subdirs", Type: rule.Strings, Doc: "Folders below which headers keep their subfolders in `include`."},
		filesIn("private_headers", "Headers and other files that sources include and that are not installed. With `tree`, everything in it can be included."),
		filesIn("dbds", "Database definitions; expanded into `dbd/<module>.dbd`."),
		filesIn("templates", "Databases, templates and protocol files, copied into `db`."),
		filesIn("subs", "Substitution files, expanded into `db` by msi; each can include the databases of those before it."),
		filesIn("tmps", "Templates that msi expands into `db` without substitutions."),
		filesIn("scripts", "Snippets for startup scripts, copied to the top of the tree."),
		filesIn("bins", "Programs, copied into `bin/<arch>`."),
		filesIn("vendor_libs", "Libraries of others that the module brings along: shared ones are installed beside its own and found there."),
		{Name: "usr_cflags", Type: rule.Strings, Doc: "Flags for C."},
		{Name: "usr_cppflags", Type: rule.Strings, Doc: "Flags for C and C++, such as `-DNAME`."},
		{Name: "usr_cxxflags", Type: rule.Strings, Doc: "Flags for C++."},
		{Name: "usr_includes", Type: rule.Strings, Doc: "Folders to look for headers in, besides those of sources and headers: paths in the package or in `tree`, or below `/usr`, with or without `-I`."},
		{Name: "usr_ldflags", Type: rule.Strings, Doc: "Flags for the linker, such as `-lusb-1.0`."},
		{Name: "deps", Type: rule.LabelRefs, Needs: ioc.Module{}.ProviderName(), Doc: "Modules whose headers and dbd files this one uses. Their exact versions go into its .dep file."},
		{Name: "runtime_deps", Type: rule.LabelRefs, Needs: ioc.Module{}.ProviderName(), Doc: "Modules that have to be loaded before this one and that it is not compiled with."},
		{Name: "require", Type: rule.Strings, Doc: "More modules that this one is compiled with, by name and version (`asyn,4.42.0`), which `pools` are searched for."},
		ioc.PoolsAttr,
		{Name: "exclude_archs", Type: rule.Strings, Doc: "Architectures that the module is not built for (`linux-aarch64`)."},
		{Name: "patches", Type: rule.Files, Doc: "Patches for `git apply`, in order. `*.p0.patch` have paths without a leading part, all others are stripped of one. The sources themselves stay as they are."},
		layoutAttr,
		{Name: "legacy_rset", Type: rule.Bool, Default: false, Doc: "Leaves `USE_TYPED_RSET` undefined, for record types of old."},
		{Name: "snc", Type: rule.LabelRef, Exec: true, Doc: "The module or program that translates state notation; by default the one among `deps` that has a program `snc`."},
		{Name: "usr_sncflags", Type: rule.Strings, Doc: "Flags for snc, such as `+r`."},
	},
	Analyze: analyzeModule,
	Calls: map[string]rule.CallFunc{textCall: textFunc, versionCall: versionFunc, depCall: depFunc, headersCall: headersFunc, treeCall: treeFunc, excludedCall: excludedFunc, dbdCall: dbdFunc, symbolsCall: symbolsFunc, exportsCall: exportsFunc, subsCall: subsFunc,
		gatherCall: gatherFunc, programsCall: programsFunc, sourcesCall: sourcesFunc},
}

// filesIn is an attribute of files that may lie in tree.
func filesIn(name, doc string) rule.Attr {
	return rule.Attr{Name: name, Type: rule.Files, Within: "tree", Doc: doc}
}

func analyzeModule(c *rule.Context) error {
	s, ok := readModule(c)
	if !ok {
		return nil
	}
	if slices.Contains(c.Strings("exclude_archs"), c.Platform().String()) {
		exclude(c, s)
		return nil
	}
	m, ok := Build(c, s)
	if !ok {
		return nil
	}
	c.SetDefault(m.Tree)
	c.Provide(m)
	return nil
}

// readModule reads the attributes. What cannot be a module is a problem.
func readModule(c *rule.Context) (*Spec, bool) {
	s := &Spec{Name: c.String("module"), Version: c.String("version"), Places: map[string]diag.Range{}}
	if s.Name == "" {
		s.Name = c.Label().Base()
	}
	ok := checkName(c, s)
	base, has := ioc.BaseOf(c)
	s.Base, ok = base, ok && has
	src, has := sourceOf(c)
	ok = ok && has
	s.Root, s.ArchDirs, s.Commit, s.Origin = src.root, src.tree.Path != "", src.commit, src.origin
	for attr, to := range s.lists() {
		*to = src.items(c, attr)
	}
	for _, l := range s.VendorLibs {
		if !l.inTree() && !isLibrary(path.Base(l.At)) {
			c.Problem("vendor_libs", "no-library", quote(path.Base(l.At))+" is no library", "vendor_libs takes shared libraries (.so) and static ones (.a).")
			ok = false
		}
	}
	if src.tree.Path != "" && ok {
		s.PrivateHeaders = append(s.PrivateHeaders, Item{In: src.tree, At: src.root})
	}
	s.KeepHeaders = src.folders(c, "keep_header_subdirs")
	s.Includes = src.folders(c, "usr_includes")
	s.CFlags, s.CPPFlags, s.CXXFlags, s.LDFlags = c.Strings("usr_cflags"), c.Strings("usr_cppflags"), c.Strings("usr_cxxflags"), c.Strings("usr_ldflags")
	s.LegacyRset = c.Bool("legacy_rset")
	s.Deps, s.Runtime = ioc.ModulesOf(c, "deps"), ioc.ModulesOf(c, "runtime_deps")
	pools := ioc.PoolsOf(c)
	s.Pools = pools
	for _, p := range pools {
		s.Known = append(s.Known, p.Modules...)
	}
	for _, r := range c.Strings("require") {
		m, found := findModule(c, "require", pools, r)
		if ok = ok && found; found {
			s.Deps = append(s.Deps, m)
		}
	}
	s.Snc, s.SncFlags = sncOf(c, s), c.Strings("usr_sncflags")
	s.Patches, s.Tree = source{}.items(c, "patches"), src.tree
	ok = checkLayout(c, s) && checkClosure(c, s) && ok
	for _, attr := range []string{"module", "version", "tree", "headers", "dbds", "deps", "patches", "templates", "subs", "sources", "require"} {
		s.Places[attr] = c.Target.Range
		if v, has := c.Target.Attrs[attr]; has && !v.Range.IsZero() {
			s.Places[attr] = v.Range
		}
	}
	return s, ok
}

// lists gives the items of each attribute that takes files of the sources.
func (s *Spec) lists() map[string]*[]Item {
	return map[string]*[]Item{"sources": &s.Sources, "headers": &s.Headers, "private_headers": &s.PrivateHeaders, "dbds": &s.Dbds,
		"templates": &s.Templates, "subs": &s.Subs, "tmps": &s.Tmps, "scripts": &s.Scripts, "bins": &s.Bins, "vendor_libs": &s.VendorLibs}
}

// checkName says what require could not load.
func checkName(c *rule.Context, s *Spec) bool {
	ok := true
	attr := "module"
	for _, d := range dep.CheckModule(s.Name) {
		c.Problem(attr, d.Code, upper(d.Summary), strings.TrimSpace(d.Detail+" "+d.Hint))
		ok = false
	}
	if s.Name == "require" {
		c.Problem(attr, "bad-module-name", "No module but the base's own is called require", "Each IOC has that one already. A `require_module` makes it a target.")
		ok = false
	}
	if _, err := version.Parse(s.Version); err != nil {
		c.Problem("version", "bad-version", "Bad version "+quote(s.Version), upper(err.Error())+".")
		return false
	}
	if ok {
		for _, d := range dep.CheckEntry(s.Name, s.Version) {
			c.Problem("version", d.Code, upper(d.Summary), strings.TrimSpace(d.Detail+" "+d.Hint))
			ok = false
		}
	}
	return ok
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// source is where plain words of a target's attributes lie.
type source struct {
	tree   rule.Artifact // zero: in the package
	root   string        // the folder that they start from, in an action's tree
	commit rule.Artifact
	origin []string
}

// sourceOf reads tree and tree_root.
func sourceOf(c *rule.Context) (source, bool) {
	s := source{root: c.Label().Pkg}
	sub := c.String("tree_root")
	if !c.Has("tree") {
		if sub != "" {
			c.Problem("tree_root", "no-tree", "tree_root is a folder in tree, and there is none", "")
			return s, false
		}
		return s, true
	}
	deps := c.Deps("tree")
	files := c.Files("tree")
	if len(deps) != 1 || len(files) != 1 || files[0].Kind != rule.OutputTree {
		c.Problem("tree", "no-folder", "tree is not one folder", "Name a git_source, or a registry_file or http_file that is unpacked.")
		return s, false
	}
	s.tree, s.root = files[0], files[0].Path
	if sub != "" {
		if err := rule.CheckRel(sub); err != nil {
			c.Problem("tree_root", "bad-path", "Bad path "+quote(sub), "A folder "+err.Error()+".")
			return s, false
		}
		s.root = path.Join(s.root, sub)
	}
	s.origin = []string{"source: " + quote(deps[0].Label.String())}
	if co, ok := rule.Get[rule.Checkout](deps[0]); ok {
		s.commit = co.CommitFile
		s.origin = append(s.origin, "url: "+quote(co.URL), "ref: "+quote(co.Ref))
	}
	if f, ok := rule.Get[rule.Fetched](deps[0]); ok {
		s.origin = append(s.origin, "file: "+quote(f.File), "sha256: "+f.SHA256)
	}
	return s, true
}

// items gives what the words of an attribute stand for, in order, each once.
func (s source) items(c *rule.Context, attr string) []Item {
	var out []Item
	add := func(i Item) {
		if !slices.ContainsFunc(out, func(o Item) bool { return o.At == i.At }) {
			out = append(out, i)
		}
	}
	for _, r := range c.Refs(attr) {
		switch {
		case r.InTree != "" && s.tree.Path != "":
			add(Item{In: s.tree, At: path.Join(s.root, r.InTree), Range: r.Range})
		case r.Path != "":
			add(Item{In: rule.Artifact{Path: r.Path, Kind: rule.Source}, At: r.Path, Range: r.Range})
		}
		for _, d := range c.RefDeps(attr, r) {
			for _, a := range d.Files {
				add(Item{In: a, At: a.Path, Range: r.Range})
			}
		}
	}
	return out
}

// folders gives folders that are named relative to the package, or to tree, as paths of an action's tree. "." is all of it.
func (s source) folders(c *rule.Context, attr string) []string {
	var out []string
	for _, f := range c.Strings(attr) {
		rel := strings.TrimSuffix(strings.TrimPrefix(f, "-I"), "/")
		if rel == "." {
			out = append(out, path.Clean(s.root)) // "." in the root package
			continue
		}
		if attr == "usr_includes" && strings.HasPrefix(rel, "/usr/") && path.Clean(rel) == rel {
			out = append(out, rel) // the compiler's identity tells what lies there
			continue
		}
		if err := rule.CheckRel(rel); err != nil {
			c.Problem(attr, "bad-path", "Bad path "+quote(f), "A folder "+err.Error()+".")
			continue
		}
		out = append(out, path.Join(s.root, rel))
	}
	return out
}
