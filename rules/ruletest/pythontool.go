package ruletest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// PythonTools gives a folder in which packages of PyPI are installed ("ruff==0.16.6"), with their programs in its bin. It is
// made once and serves later runs of the tests as well. Set PYTHONPATH to it for programs that import from it.
func PythonTools(t *testing.T, packages ...string) string {
	t.Helper()
	at := filepath.Join(os.TempDir(), "cairn-test-tools-"+strings.NewReplacer("==", "-", "[", "-", "]", "").Replace(strings.Join(packages, "-")))
	if _, err := os.Stat(at); err == nil {
		return at
	}
	tmp, err := os.MkdirTemp("", "cairn-test-tools-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	c := exec.Command("python3", append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", tmp}, packages...)...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("pip install %s: %v\n%s", strings.Join(packages, " "), err, out)
	}
	// Another process may have been faster: its folder is as good.
	if err := os.Rename(tmp, at); err != nil {
		if _, serr := os.Stat(at); serr != nil {
			t.Fatal(err)
		}
	}
	return at
}
