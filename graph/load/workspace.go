package load

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Settings is what the workspace block says.
type Settings struct {
	Requires    string
	Description string
	// ToolIdentity says for programs of the host how strictly they are told apart: "content", "version" or
	// "declared:TEXT". Programs that are not in it are told apart by content.
	ToolIdentity map[string]string
	// Defaults are the attributes that kinds name in rule.Attr.Workspace.
	Defaults map[string]rule.Value
}

// workspaceBlocks reads the workspace block. It holds literals only: it must mean the same to every version of cairn.
func (u *unit) workspaceBlocks(blocks []*hclsyntax.Block) (name string, s Settings) {
	for i, b := range blocks {
		context := blockContext(b)
		if i > 0 {
			u.report(diag.Diag{Code: "duplicate-block", Summary: "There are two workspace blocks", Range: rangeOf(b.DefRange()), Context: context,
				Related: []diag.Related{{Range: rangeOf(blocks[0].DefRange()), Text: "the first one"}}})
			continue
		}
		name, _ = u.oneLabel(b)
		u.noBlocks(b, context)
		u.knownAttributes(b, workspaceAttrs, context)
		for i := range workspaceAttrs {
			at := &workspaceAttrs[i]
			a := b.Body.Attributes[at.Name]
			if a == nil {
				continue
			}
			v, ok := u.literalAttr(at, a, context)
			if !ok {
				continue
			}
			switch at.Name {
			case "requires":
				s.Requires = v.(string)
				u.checkRequires(s.Requires, a, context)
			case "description":
				s.Description = v.(string)
			case "default_env", "epics_base":
				if s.Defaults == nil {
					s.Defaults = map[string]rule.Value{}
				}
				s.Defaults[at.Name] = rule.Value{Value: v, Range: rangeOf(a.Expr.Range()), Workspace: true}
			case "tool_identity":
				s.ToolIdentity = v.(map[string]string)
				u.checkIdentities(s.ToolIdentity, a, context)
			}
		}
	}
	return name, s
}

// DefaultEnv gives default_env of the workspace at root, as WorkspaceLabel does.
func DefaultEnv(root string) label.Label { return WorkspaceLabel(root, "default_env") }

// WorkspaceLabel gives a label that the workspace block of the workspace at root has as an attribute, zero where there is none; nothing
// else of the workspace is read. What is wrong with the file is for Load to say.
func WorkspaceLabel(root, attr string) label.Label {
	src, err := readPlain(filepath.Join(root, BuildFile))
	if err != nil || !bytes.Contains(src, []byte(attr)) {
		return label.Label{}
	}
	body, ds := parse(src, BuildFile)
	if body == nil || ds.HasErrors() {
		return label.Label{}
	}
	u := newUnit(&loader{o: Options{Root: root, steps: maxSteps}, ctx: baseContext().NewChild()}, "", rule.Platform{})
	var spaces []*hclsyntax.Block
	for _, b := range body.Blocks {
		if b.Type == "workspace" {
			spaces = append(spaces, b)
		}
	}
	_, s := u.workspaceBlocks(spaces)
	ref, _ := s.Defaults[attr].Value.(rule.Ref)
	return ref.Label
}

// literalAttr evaluates an attribute that takes literals only.
func (u *unit) literalAttr(at *rule.Attr, a *hclsyntax.Attribute, context string) (any, bool) {
	literal := len(a.Expr.Variables()) == 0
	if literal {
		_, ds := u.evaluate(a.Expr, nil, context)
		literal = !ds.HasErrors()
	}
	if !literal {
		u.report(diag.Diag{Code: "misplaced-reference", Summary: at.Name + " takes a literal", Range: rangeOf(a.Expr.Range()), Context: context,
			Detail: "Nothing in a workspace block can refer to anything, since it is read before all else."})
		return nil, false
	}
	v, _ := u.evaluate(a.Expr, nil, context)
	c := converter{u: u, at: at, context: context, expr: a.Expr}
	x, ok := c.value(v)
	u.reportAll(c.ds)
	return x, ok
}

func (u *unit) checkRequires(text string, a *hclsyntax.Attribute, context string) {
	rng := rangeOf(a.Expr.Range())
	c, err := semver.NewConstraint(text)
	if err != nil {
		u.report(diag.Diag{Code: "bad-value", Summary: "Bad version constraint " + quoteName(text), Detail: "It reads like \">= 0.1\" or \">= 0.2, < 0.4\".", Range: rng, Context: context})
		return
	}
	v, err := semver.NewVersion(u.l.o.Version)
	if err != nil {
		return // a build from a checkout has no version, and keeps every constraint
	}
	if pre := v.Prerelease(); pre != "" {
		// A pre-release of 0.2.0 is asked as 0.2.0: it has what 0.2.0 will have.
		if w, err := v.SetPrerelease(""); err == nil {
			v = &w
		}
	}
	if !c.Check(v) {
		u.report(diag.Diag{Code: "wrong-version", Summary: fmt.Sprintf("This workspace needs cairn %s", text), Detail: fmt.Sprintf("This is cairn %s.", u.l.o.Version), Range: rng, Context: context})
	}
}

func (u *unit) checkIdentities(m map[string]string, a *hclsyntax.Attribute, context string) {
	c := converter{expr: a.Expr}
	for _, tool := range sortedKeys(m) {
		s := m[tool]
		if s == "content" || s == "version" || strings.HasPrefix(s, "declared:") && len(s) > len("declared:") {
			continue
		}
		rng := rangeOf(a.Expr.Range())
		if item := c.item(tool); item != nil {
			rng = rangeOf(item.Range())
		}
		u.report(diag.Diag{Code: "bad-value", Summary: fmt.Sprintf("Bad identity %s of the tool %s", quoteName(s), quoteName(tool)), Range: rng, Context: context,
			Detail: "It is \"content\", \"version\" or \"declared:TEXT\".", Hint: diag.DidYouMean(s, []string{"content", "version"})})
	}
}
