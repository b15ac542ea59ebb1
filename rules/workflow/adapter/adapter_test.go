package adapter

import (
	"strings"
	"testing"
)

func TestFilesAreThePackage(t *testing.T) {
	files := Files()
	for _, name := range []string{"__init__.py", "annotations.py", "decorators.py", "skip.py"} {
		if !strings.HasPrefix(files[Module+"/"+name], `"""`) {
			t.Errorf("%s is not there, or says nothing of itself", name)
		}
	}
	for p := range files {
		if !strings.HasPrefix(p, Module+"/") || !strings.HasSuffix(p, ".py") {
			t.Errorf("%s is no module of the package", p)
		}
	}
}
