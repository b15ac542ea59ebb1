package gen

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
)

// TestRuffLeavesPackagesAsTheyAre: with all that a package has, headers and the adapter among it, by the settings of its own pyproject.toml.
func TestRuffLeavesPackagesAsTheyAre(t *testing.T) {
	p := compile(t, chain(40), Options{Adapter: true})
	dir := t.TempDir()
	for _, f := range p.Files {
		at := filepath.Join(dir, p.Dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []string{"0.16.6", "0.17.6"} {
		ruff := ruletest.Ruff(t, v)
		for _, args := range [][]string{{"format", "--no-cache", "--diff"}, {"check", "--no-cache", "--extend-select", "I"}} {
			c := exec.Command(ruff, append(args, p.Dir)...)
			c.Dir = dir
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("ruff %s %s: %v\n%.6000s", v, args[0], err, out)
			}
		}
	}
}
