package load

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// source is a package that was found.
type source struct {
	pkg string
	src []byte // of its BUILD.hcl
}

// visited is what was found in one folder.
type visited struct {
	file   *source
	nested bool
	below  []string
	diags  diag.List
}

// discover walks the workspace's folders and finds its packages, sorted by path. It does not enter cairn-out, folders
// whose name starts with a dot, links, and nested workspaces.
func (l *loader) discover(ctx context.Context) ([]source, diag.List) {
	var files []source
	var ds diag.List
	for dirs := []string{""}; len(dirs) > 0 && ctx.Err() == nil; {
		found := make([]visited, len(dirs))
		parallel(ctx, l.o.Jobs, len(dirs), func(i int) { found[i] = l.look(dirs[i]) })
		var next []string
		for i, v := range found {
			ds = append(ds, v.diags...)
			if v.nested {
				l.nested[dirs[i]] = true
				continue
			}
			if v.file != nil {
				files = append(files, *v.file)
			}
			next = append(next, v.below...)
		}
		dirs = next
	}
	slices.SortFunc(files, func(a, b source) int { return strings.Compare(a.pkg, b.pkg) })
	ds = append(ds, l.register(files)...)
	return files, ds
}

// look reads one folder.
func (l *loader) look(dir string) (v visited) {
	list := l.rec.list(dir)
	if list.err != nil {
		if dir == "" {
			v.diags = diag.List{{Code: "unreadable", Summary: "Cannot read the workspace's root", Detail: capital(reason(list.err)) + "."}}
		} else if !missing(list.err) {
			v.diags = diag.List{{Warning: true, Code: "unreadable", Summary: "Cannot read the folder " + quoteName(dir), Detail: capital(reason(list.err)) + ".",
				Hint: "Packages in it are not seen."}}
		}
		return v
	}
	if e, ok := list.find(BuildFile); ok && e.Kind != Folder {
		file := joinPath(dir, BuildFile)
		b, err := l.rec.read(file)
		switch {
		case err != nil:
			v.diags = append(v.diags, diag.Diag{Code: "unreadable", Summary: "Cannot read " + file, Detail: capital(reason(err)) + ".", Range: diag.Range{File: file}})
		case dir != "" && hasWorkspace(b):
			v.nested = true
			return v
		default:
			if err := label.CheckPkg(dir); err != nil {
				v.diags = append(v.diags, diag.Diag{Code: "bad-name", Summary: fmt.Sprintf("The folder %q cannot be a package", clip(dir)), Detail: capital(err.Error()) + ".",
					Range: diag.Range{File: strings.ToValidUTF8(file, "?")}, Hint: "Rename the folder."})
				break
			}
			v.file = &source{dir, b}
		}
	}
	for _, e := range list.entries {
		if e.Kind == Folder && e.Name[0] != '.' && e.Name != rule.OutDir {
			v.below = append(v.below, joinPath(dir, e.Name))
		}
	}
	return v
}

// register notes which folders are and hold packages.
func (l *loader) register(files []source) (ds diag.List) {
	folded := map[string]string{}
	for _, f := range files {
		l.packages[f.pkg] = true
		for dir := f.pkg; dir != "" && !l.holds[dir]; dir = parent(dir) {
			l.holds[dir] = true
			low := strings.ToLower(dir)
			if other, ok := folded[low]; ok {
				ds = append(ds, diag.Diag{Code: "case-clash", Summary: fmt.Sprintf("The folders %q and %q differ by case only", other, dir),
					Detail: "Both hold packages, and on some file systems their outputs would be one.", Range: diag.Range{File: joinPath(f.pkg, BuildFile)}})
			}
			folded[low] = dir
		}
		// A package that never says `platform` is the same for all; of the others the text is kept for For.
		if bytes.Contains(f.src, []byte("platform")) {
			l.varying[f.pkg] = f.src
		}
	}
	return ds
}
