package load

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

var platformsAttr = rule.Attr{Name: "platforms", Type: rule.Strings}

// common decodes the attributes that every kind has, and says how many of the block's attributes they are. An env that
// uses in, out or tool() goes into t.Attrs.
func (it *instance) common(t *rule.Target) int {
	u, c := it.u, &t.Common
	c.Tags, c.Visibility = u.tags, u.visibility
	known := 0
	for i := range rule.CommonAttrs {
		at := &rule.CommonAttrs[i]
		a := it.block.Body.Attributes[at.Name]
		if a == nil || it.kind.own[at.Name] {
			continue
		}
		known++
		if at.Name == "for_each" {
			continue
		}
		v, ok := it.attr(at, a)
		if !ok {
			continue
		}
		rng := a.Expr.Range()
		fail := func(summary, detail, hint string) {
			u.report(diag.Diag{Code: "bad-value", Summary: summary, Detail: detail, Hint: hint, Range: rangeOf(rng), Context: it.context})
		}
		switch at.Name {
		case "description":
			c.Description = v.Value.(string)
		case "tags":
			c.Tags = mergeTags(u.tags, v.Value.([]string))
		case "visibility":
			c.Visibility = u.patterns(a, v.Value.([]string), it.context)
		case "env":
			if v.Late != nil {
				t.Attrs["env"] = v
				continue
			}
			c.Env = v.Value.(map[string]string)
			for _, name := range sortedKeys(c.Env) {
				if why := badEnvName(name); why != "" {
					fail("Bad name of a variable in env", why, "")
				}
			}
		case "pass_env":
			c.PassEnv = v.Value.([]string)
			for _, name := range c.PassEnv {
				if why := badEnvName(name); why != "" {
					fail("Bad name of a variable in pass_env", why, "")
				}
			}
		case "timeout":
			d, err := time.ParseDuration(v.Value.(string))
			if err != nil || d <= 0 {
				fail("Bad timeout "+quoteName(v.Value.(string)), "A timeout is a duration above zero: \"90s\", \"10m\", \"1h30m\".", "")
			}
			c.TimeoutNS = int64(d)
		case "network":
			c.Network = v.Value.(bool)
		case "platforms":
			c.Platforms = v.Value.([]string)
			for _, p := range c.Platforms {
				if !platformForm().MatchString(p) {
					fail("Bad platform "+quoteName(p), "A platform is \"os-arch\" in the words of uname: linux-x86_64, linux-aarch64, darwin-arm64.",
						diag.DidYouMean(p, []string{"linux-x86_64", "linux-aarch64", "darwin-arm64", "darwin-x86_64"}))
				}
			}
		case "manual":
			c.Manual = v.Value.(bool)
		case "local":
			c.Local = v.Value.(bool)
		case "exclusive":
			c.Exclusive = v.Value.(bool)
		case "testonly":
			c.Testonly = v.Value.(bool)
		case "resources":
			c.Resources = resources(v.Value, fail)
		}
	}
	return known
}

var platformForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9_]+-[a-z0-9_]+$`) })

func badEnvName(s string) string {
	if s == "" || strings.ContainsAny(s, "= \t\r\n") {
		return fmt.Sprintf("%s is no name of an environment variable.", quoteName(s))
	}
	return ""
}

// mergeTags gives the tags of both, each once, in order.
func mergeTags(a, b []string) []string {
	out := slices.Clone(a)
	for _, t := range b {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// patterns parses the patterns of a visibility.
func (u *unit) patterns(a *hclsyntax.Attribute, texts []string, context string) []label.Pattern {
	ps := make([]label.Pattern, 0, len(texts))
	for i, text := range texts {
		p, err := label.ParsePattern(text, u.path)
		hint := ""
		switch {
		case err != nil:
		case p.Minus:
			err = fmt.Errorf("%q: a visibility adds, it leaves nothing out", text)
		case !looksLikeLabel(text):
			err = fmt.Errorf("%q is not a pattern, which starts with // or a colon", text)
			hint = "Packages below this one are " + quoteName("//"+joinPath(u.path, "...")) + "."
		}
		if err != nil {
			u.report(diag.Diag{Code: "bad-label", Summary: "Bad pattern in visibility", Detail: capital(err.Error()) + ".", Hint: hint,
				Range: elementRange(a.Expr, i), Context: context})
			continue
		}
		ps = append(ps, p)
	}
	return ps
}

// elementRange gives where element i of a list stands, the whole list where it isn't written out.
func elementRange(e hclsyntax.Expression, i int) diag.Range {
	if list, hd := hcl.ExprList(e); !hd.HasErrors() && i < len(list) {
		return rangeOf(list[i].Range())
	}
	return rangeOf(e.Range())
}

func resources(v any, fail func(summary, detail, hint string)) (r rule.Resources) {
	m, ok := v.(map[string]any)
	if !ok {
		fail("resources takes a map", "Write resources = { mem = \"4GiB\", slots = 2 }.", "")
		return r
	}
	for _, name := range sortedKeys(m) {
		switch name {
		case "mem":
			s, _ := m[name].(string)
			n, ok := parseSize(s)
			if !ok {
				fail("Bad amount of memory", "resources.mem is a string such as \"4GiB\" or \"500MB\".", "")
			}
			r.Mem = n
		case "slots":
			f, ok := m[name].(float64)
			if !ok || f < 1 || f != math.Trunc(f) || f > 1<<20 {
				fail("Bad number of slots", "resources.slots is a whole number from 1.", "")
				continue
			}
			r.Slots = int(f)
		default:
			fail("resources has no "+quoteName(name), "There are mem and slots.", diag.DidYouMean(name, []string{"mem", "slots"}))
		}
	}
	return r
}

// units are the factors of sizes.
var units = []struct {
	name   string
	factor float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}

// parseSize reads "4GiB", "1.5GB", "512B".
func parseSize(s string) (int64, bool) {
	for _, u := range units {
		num, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
		if err != nil || !(f > 0) || math.IsInf(f, 0) || f*u.factor > math.MaxInt64/2 || f*u.factor < 1 || strings.ContainsAny(num, "xXpP_") {
			return 0, false
		}
		return int64(f * u.factor), true
	}
	return 0, false
}
