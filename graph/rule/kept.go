package rule

import (
	"fmt"
	"path"
	"strings"
)

// Kept says that what a target makes lies in the source tree as well, to be committed: a generated package, expected results of tests.
// `cairn build` leaves it alone. `cairn check` builds From and says where the two differ, `cairn build --write` makes them equal.
type Kept struct {
	From Artifact // a file or a tree that one of the target's actions makes; it need not be a default output
	To   string   // where it lies: a path of the workspace, from KeepPath
	// On says who writes it: OnWrite or OnTest.
	On string
	// Mark is the path of a file in From that shows that a folder at To is one of ours. A folder with files that has none is
	// refused. "" is for files, and for folders that may be written to whatever is there.
	Mark string
	// Leave are patterns of paths below To that are others', as path.Match has them; `**` as a whole name stands for any number of
	// folders. They are neither compared nor removed.
	Leave []string
	// Header is what generated files have in one of their first lines; "" where they have no such line. A file that From does not have is
	// removed if it has it, or if cairn wrote it from this workspace; any other is named and left to the user.
	Header string
}

// When what is Kept is written.
const (
	OnWrite = "write" // by `cairn build --write`; `cairn check` compares it
	OnTest  = "test"  // by `cairn test --update`; the target's tests compare it
)

// Keep declares what lies in the source tree as well.
func (c *Context) Keep(k Kept) { c.decl.Kept = append(c.decl.Kept, k) }

// Check declares what `cairn check` builds, into the cache alone, to find out whether it can be made.
func (c *Context) Check(as ...Artifact) { c.decl.Checked = append(c.decl.Checked, as...) }

// KeepPath gives the workspace's path of a folder or file that an attribute names, relative to the package ("./pkg"). A path that leaves
// the package, or that is the package itself, is a problem; then it is "".
func (c *Context) KeepPath(attr string) string {
	text := c.String(attr)
	rel := strings.TrimSuffix(strings.TrimPrefix(text, "./"), "/")
	err := CheckRel(rel)
	if err == nil && (rel == OutDir || strings.HasPrefix(rel, OutDir+"/")) && c.Target.Label.Pkg == "" {
		err = fmt.Errorf("cannot lie in %s", OutDir)
	}
	if err != nil {
		c.Problem(attr, "bad-path", fmt.Sprintf("Bad path %q", text), "What is written into the source tree lies below the package; its path "+err.Error()+".")
		return ""
	}
	return path.Join(c.Target.Label.Pkg, rel)
}
