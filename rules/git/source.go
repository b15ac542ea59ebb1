// Package git holds the kinds that take sources out of git repositories.
package git

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed git_source.md
var sourceDoc string

// Source is a tree of a git repository.
var Source = &rule.Rule{
	Kind: "git_source",
	Doc:  sourceDoc,
	Attrs: []rule.Attr{
		{Name: "url", Type: rule.String, Required: true, Doc: "Where the repository is: `https://`, `ssh://`, `git@host:path`, `git://`, `file:///`, or, for a repository or bundle in the workspace, a path that starts with `./` or `../`."},
		{Name: "branch", Type: rule.String, Doc: "The branch, without `refs/heads/`. With none of `branch`, `tag` and `commit` it is the repository's default branch."},
		{Name: "tag", Type: rule.String, Doc: "The tag, without `refs/tags/`."},
		{Name: "commit", Type: rule.String, Doc: "The commit: all 40 digits, or as many of the first ones as make it unique."},
		{Name: "subdir", Type: rule.String, Doc: "The folder of the repository that is wanted; by default all of it. A commit that changes nothing below it changes no key."},
		{Name: "follow", Type: rule.Bool, Doc: "`true`: each run asks anew what the branch or tag is, and the entry of the lock file counts with `--locked` only. `false`: the lock file says what it is. By default `cairn run` of a script asks what a branch is, and all else has what the lock file says."},
		{Name: "submodules", Type: rule.Bool, Doc: "`true` puts the trees of submodules into their folders, and of theirs; `false` leaves the folders empty. By default a submodule is an error."},
		{Name: "describe", Type: rule.String, Default: "auto", Doc: "Whether the commit's place in history (`v1.2-3-g0123456789ab`) counts for what takes its version from git: `auto`, where the build settings at the tree's root say so; `always`; `never`."},
	},
	Analyze: analyzeSource,
}

func analyzeSource(c *rule.Context) error {
	params := map[string]string{"url": address(c), "ref": ref(c)}
	if sub := c.String("subdir"); sub != "" {
		if err := rule.CheckRel(sub); err != nil {
			c.Problem("subdir", "bad-subdir", fmt.Sprintf("Bad folder %q", sub), "It "+err.Error()+".")
		}
		params["subdir"] = sub
	}
	describe := c.String("describe")
	switch describe {
	case "auto", "never":
	case "always":
		params["describing"] = describe
	default:
		c.Problem("describe", "bad-describe", fmt.Sprintf("%q is no way to describe", describe), "It is auto, always or never.")
	}
	pin := &rule.Pin{Params: params, Follow: c.Bool("follow"),
		MayFollow: !c.Has("follow") && (params["ref"] == "HEAD" || strings.HasPrefix(params["ref"], "refs/heads/"))}
	f := &rule.Fetch{Fetcher: "git", Params: maps.Clone(params), EmptySubmodules: c.Has("submodules") && !c.Bool("submodules"), Submodules: c.Bool("submodules"), Pin: pin}
	if e := c.Locked(); fresh(e, params) {
		f.GitTree, f.Params["commit"] = e["tree"], e["commit"]
		pin.Entry = map[string]string{"commit": e["commit"], "tree": e["tree"]}
		if d, ok := e["describe"]; ok {
			pin.Entry["describe"] = d
		}
	}
	out := c.OutputTree("", c.Label().Base())
	c.Declare(rule.Action{Mnemonic: "Checkout", Outputs: []rule.Artifact{out}, Fetch: f})
	p := rule.Checkout{Tree: out, URL: params["url"], Ref: params["ref"], Commit: f.Params["commit"]}
	p.CommitFile = word(c, pin, "commit")
	if describe == "never" {
		pin = &rule.Pin{Entry: map[string]string{"describe": ""}}
	}
	p.DescribeFile = word(c, pin, "describe")
	c.SetDefault(out)
	c.Provide(p)
	return nil
}

// word declares the file of one word of the answer; nobody makes it who does not want it.
func word(c *rule.Context, pin *rule.Pin, name string) rule.Artifact {
	if _, ok := pin.Entry[name]; !ok {
		pin = &rule.Pin{Params: pin.Params, Follow: pin.Follow, MayFollow: pin.MayFollow} // all the same, this one is asked for
	}
	out := c.OutputFile("", c.Label().Base()+"."+name)
	c.Declare(rule.Action{Mnemonic: "Describe", Outputs: []rule.Artifact{out}, Fetch: &rule.Fetch{Fetcher: "git", Word: name, Pin: pin}})
	return out
}

// fresh says whether an entry of the lock file is about what the target declares now, and whole.
func fresh(e, params map[string]string) bool {
	for _, k := range []string{"url", "ref", "subdir", "describing"} {
		if e[k] != params[k] {
			return false
		}
	}
	id := func(s string) bool { return (len(s) == 40 || len(s) == 64) && hex().MatchString(s) }
	return id(e["commit"]) && id(e["tree"])
}

var hex = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]+$`) })

// address checks the url's form; whether it leads anywhere the fetcher finds out. A path in the workspace becomes
// workspace:<path>.
func address(c *rule.Context) string {
	u := c.String("url")
	if strings.HasPrefix(u, "./") || strings.HasPrefix(u, "../") {
		p := path.Join(c.Label().Pkg, u)
		if rule.CheckRel(p) == nil && !strings.HasPrefix(p, "-") {
			return "workspace:" + p
		}
		c.Problem("url", "bad-url", fmt.Sprintf("%q is no address of a repository", u), "It leaves the workspace. A repository elsewhere on this machine is file:///absolute/path.")
		return u
	}
	if f := CheckAddress(u); f != nil {
		if f.Code == URLCredentials {
			c.SecretProblem("url", f.Code, f.Text, f.Why)
		} else {
			c.Problem("url", f.Code, f.Text, f.Why)
		}
	}
	return u
}

// ref gives the one name that the target asks for: a full name of git's, HEAD, or a commit's digits.
func ref(c *rule.Context) string {
	full := ""
	given := 0
	for _, a := range []struct{ attr, prefix string }{{"branch", "refs/heads/"}, {"tag", "refs/tags/"}, {"commit", ""}} {
		v := c.String(a.attr)
		if !c.Has(a.attr) {
			continue
		}
		if given++; given > 1 {
			c.Problem(a.attr, "two-refs", "Only one of branch, tag and commit", "A commit needs no branch: it is the same on all of them.")
			continue
		}
		full = a.prefix + v
		switch {
		case a.attr == "commit":
			full = strings.ToLower(v)
			if len(v) < 4 || len(v) > 64 || !hex().MatchString(full) {
				c.Problem("commit", "bad-commit", fmt.Sprintf("%q is no commit", v), "A commit is 40 hex digits, or the first of them. A name is a branch or a tag.")
			}
		case strings.HasPrefix(v, "refs/"):
			c.Problem(a.attr, "bad-ref", fmt.Sprintf("%q is a full name", v), fmt.Sprintf("Write %s = %q.", a.attr, path.Base(v)))
		case badRef(v):
			c.Problem(a.attr, "bad-ref", fmt.Sprintf("%q is no name of a %s", v, a.attr), "See git help check-ref-format.")
		}
	}
	if given == 0 {
		return "HEAD"
	}
	if c.String("commit") != "" && c.Bool("follow") {
		c.Problem("follow", "follow-commit", "A commit cannot be followed", "It never moves. Follow a branch.")
	}
	return full
}

// badRef says whether git would refuse a name of a branch or tag.
func badRef(s string) bool {
	bad := s == "" || strings.Contains(s, "..") || strings.Contains(s, "@{") || strings.HasSuffix(s, ".") ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) })
	for part := range strings.SplitSeq(s, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") || strings.HasSuffix(part, ".lock")
	}
	return bad
}
