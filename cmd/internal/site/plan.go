package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// What a Step does.
const (
	Install   = "install"   // the version is new
	Add       = "add"       // the version is there for other architectures, and gets further ones
	Replace   = "replace"   // a test version gets other content
	Unchanged = "unchanged" // it is there as it would be
)

// Step is what the installation of one tree comes to.
type Step struct {
	Tree
	To   string // the folder in the pool
	Do   string
	New  []string // Add: the architectures that it gets
	Keep []string // Replace: the architectures that stay as they are
	Lost []string // Replace: those that are gone, because what they share with the others is new
}

// Plan says what the installation of a tree into a pool comes to. A numeric version that is there with other content is a problem; any
// other error is the machine's.
func Plan(pool string, t Tree) (Step, diag.List, error) {
	s := Step{Tree: t, To: filepath.Join(pool, t.Module, t.Version), Do: Install}
	switch fi, err := os.Lstat(s.To); {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil, nil
	case err != nil:
		return s, nil, err
	case !fi.IsDir():
		return s, diag.List{{Code: "no-folder", Summary: fmt.Sprintf("module %s is there, and is no folder", t.Name()),
			Detail: "cairn neither follows it nor removes it.", Range: diag.Range{File: s.To}}}, nil
	}
	archs := folders(filepath.Join(s.To, "lib"))
	all := append(slices.Clone(archs), t.Archs...)
	shared, err := difference(s.To, t.Dir, func(rel string) bool { return archOf(rel, all) == "" })
	if err != nil {
		return s, nil, err
	}
	var ours []string
	for _, arch := range t.Archs {
		d, err := difference(s.To, t.Dir, func(rel string) bool { return archOf(rel, all) == arch })
		if err != nil {
			return s, nil, err
		}
		if slices.Contains(archs, arch) {
			ours = append(ours, d...)
		} else {
			s.New = append(s.New, arch)
		}
	}
	differ := append(shared, ours...)
	slices.Sort(differ)
	switch {
	case len(differ) == 0 && len(s.New) == 0:
		s.Do = Unchanged
	case len(differ) == 0:
		s.Do = Add
	case version.Lenient(t.Version).IsTest():
		s.Do, s.New = Replace, nil
		for _, arch := range archs {
			switch {
			case slices.Contains(t.Archs, arch):
			case len(shared) > 0:
				s.Lost = append(s.Lost, arch)
			default:
				s.Keep = append(s.Keep, arch)
			}
		}
		slices.Sort(s.Lost)
		slices.Sort(s.Keep)
	default:
		return s, diag.List{otherContent(pool, s, differ)}, nil
	}
	return s, nil, nil
}

// otherContent is the problem of a numeric version that is installed and is not the same.
func otherContent(pool string, s Step, differ []string) diag.Diag {
	next := version.NextRevision(s.Version, folders(filepath.Join(pool, s.Module)))
	base := version.Lenient(s.Version).Base()
	const most = 5
	what := strings.Join(differ[:min(len(differ), most)], ", ")
	if n := len(differ) - most; n > 0 {
		what += fmt.Sprintf(" and %d more", n)
	}
	return diag.Diag{
		Code:    "installed-otherwise",
		Summary: fmt.Sprintf("module %s is installed with other content, and versions are never overwritten", s.Name()),
		Detail:  fmt.Sprintf("These differ: %s.", what),
		Hint: fmt.Sprintf("The next free revision is %s; give it that version. Who asks for %s will then get %s.\n"+
			"Where it is the installed one that is wrong: cairn modules uninstall %s,%s --from %s", next, base, next, s.Module, s.Version, pool),
		Range:   diag.Range{File: s.To},
		Context: s.Label,
	}
}
