package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/load"
)

func initCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Writes a first BUILD.hcl.",
		Long: "Writes a small BUILD.hcl with an example into the current directory: the root of a new workspace, or a package where a\n" +
			"workspace is around it. It never overwrites anything.",
		Example: "  cairn init\n  cairn -C docs init",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := os.Getwd()
			if err != nil {
				return &environmentError{err}
			}
			text, inside := packageStart, ""
			switch root, pkg, err := findWorkspace(); {
			case err == nil && pkg == "":
				return &usageError{"there is a BUILD.hcl here already", "cairn check says what it holds."}
			case err == nil:
				inside = root
			case inOutputs(dir):
				return err
			default:
				text = fmt.Sprintf(workspaceStart, workspaceName(filepath.Base(dir))) + packageStart
			}
			f, err := os.OpenFile(load.BuildFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				return &usageError{"there is a BUILD.hcl here already", "cairn check says what it holds."}
			}
			if err != nil {
				return &environmentError{err}
			}
			_, err = f.WriteString(text)
			if err = errors.Join(err, f.Close()); err != nil {
				return &environmentError{err}
			}
			if inside != "" {
				a.ui.Say("wrote BUILD.hcl, a package of the workspace %s; try: cairn build", inside)
				return nil
			}
			a.ui.Say("wrote BUILD.hcl; try: cairn build. In git, ignore /cairn-out/ and /cairn.local.hcl")
			return nil
		},
	}
}

// inOutputs says whether dir lies below a folder of outputs, where findWorkspace refuses to work.
func inOutputs(dir string) bool {
	return strings.Contains(filepath.ToSlash(dir)+"/", "/cairn-out/")
}

// workspaceName makes a name for a workspace of a folder's.
func workspaceName(dir string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.':
			return r
		}
		return '-'
	}, dir), "-.")
	if name == "" {
		return "workspace"
	}
	return name
}

const workspaceStart = `# The root of a workspace. ` + "`cairn help`" + ` says what can be done here.
workspace "%s" {}

`

const packageStart = `# A target: its kind is command, its label ends in :hello. ` + "`cairn build`" + ` runs the script when something that it stands on
# has changed, and never otherwise. ` + "`cairn help command`" + ` lists the attributes, ` + "`cairn help`" + ` the other kinds.
command "hello" {
  outs   = ["hello.txt"]
  script = "echo hello > $OUT"
}

# A test: ` + "`cairn test`" + `.
test "hello_is_said" {
  srcs   = [":hello"]
  script = "grep -q hello $SRCS"
}
`
