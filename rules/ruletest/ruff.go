package ruletest

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/registry"
)

// Ruff gives the program ruff of a version, from the index that the user's pip is set up for. It is fetched once and serves later runs
// of the tests as well.
func Ruff(t *testing.T, version string) string {
	t.Helper()
	at := filepath.Join(os.TempDir(), "cairn-test-ruff-"+version)
	if _, err := os.Stat(at); err == nil {
		return at
	}
	wheel, err := ruffWheel(version)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(wheel), int64(len(wheel)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if path.Base(f.Name) != "ruff" || !strings.HasSuffix(path.Dir(f.Name), ".data/scripts") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		program, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		// Another process may do the same at the same time.
		dir, err := os.MkdirTemp("", "cairn-test-ruff-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		tmp := filepath.Join(dir, "ruff")
		if err := os.WriteFile(tmp, program, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	t.Fatalf("the wheel of ruff %s holds no program", version)
	return ""
}

func ruffWheel(version string) ([]byte, error) {
	system := map[string]string{"linux": "manylinux", "darwin": "macosx"}[runtime.GOOS]
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if runtime.GOOS == "darwin" && runtime.GOARCH == "arm64" {
		machine = "arm64"
	}
	index := registry.New(registry.Options{})
	offers, err := index.Offers(context.Background(), map[string]string{"index": "pypi", "package": "ruff", "version": version})
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		if !strings.HasPrefix(o.File, "ruff-"+version+"-") || !strings.HasSuffix(o.File, machine+".whl") || !strings.Contains(o.File, system) {
			continue
		}
		r, err := index.Fetch(context.Background(), fetch.Request{SHA256: o.SHA256,
			Params: map[string]string{"index": "pypi", "package": "ruff", "version": version, "file": o.File}})
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	return nil, fmt.Errorf("the index has no ruff %s for %s on %s", version, system, machine)
}
