package gen

import (
	"path"
	"strings"
)

// headed gives a file with the header of generated files before it, as a comment of its language. JSON has none.
//
// Which spec a file is from stands in those that are another for another spec: the modules that run its tasks, metadata.py and the
// README. In the others it would only make each edit of a spec one of thirty files, for whoever reviews a package that is committed.
func headed(f File, compiler, sum string) []byte {
	lines := []string{"[generated]", "by = " + compiler}
	name := path.Base(f.Path)
	if name == "README.md" || name == "metadata.py" || path.Base(path.Dir(f.Path)) == "dags" && name != "__init__.py" {
		lines = append(lines, "from-spec-sha256 = "+sum)
	}
	switch path.Ext(f.Path) {
	case ".json", ".typed":
		return f.Data
	case ".md":
		return append([]byte(comment(lines)+"\n"), f.Data...)
	case ".svg":
		return append([]byte(comment(lines)), f.Data...)
	}
	head := "# " + strings.Join(lines, "\n# ") + "\n"
	if len(f.Data) > 0 {
		head += "\n"
	}
	return append([]byte(head), f.Data...)
}

// comment writes XML's and Markdown's comment, in which there can be no two hyphens.
func comment(lines []string) string {
	return "<!-- " + strings.ReplaceAll(strings.Join(lines, "\n     "), "--", "- -") + " -->\n"
}
