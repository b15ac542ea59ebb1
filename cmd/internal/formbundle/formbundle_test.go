package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/registry"
)

// The page that is committed is what its sources give, byte for byte.
func TestCommitted(t *testing.T) {
	said, err := run(t.Context(), registry.New(registry.Options{}), "../flowserver/page", true)
	if _, none := exec.LookPath("npm"); none != nil && err != nil && strings.Contains(err.Error(), "no registry is configured") {
		t.Skipf("this machine has none: no program npm, nor its settings: %v", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, strings.Join(said, "\n"))
	}
}

// shelf is a registry of packages that are there.
type shelf map[string][]byte

func (s shelf) Fetch(_ context.Context, r fetch.Request) (io.ReadCloser, error) {
	b, ok := s[r.Params["package"]]
	if !ok || r.Params["index"] != "npm" || r.Params["version"] != "1.0.0" {
		return nil, errors.New("there is no such package")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// tarball packs files as npm does.
func tarball(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func integrity(b []byte) string {
	h := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(h[:])
}

// A bundler that is a shell script shows what the real one is asked to do, and what becomes of its work.
func TestRun(t *testing.T) {
	host := "@esbuild/" + runtime.GOOS + "-" + strings.ReplaceAll(runtime.GOARCH, "amd64", "x64")
	things := shelf{
		host: tarball(t, map[string]string{"bin/esbuild": `#!/bin/sh
set -e
for a; do case $a in --outdir=*) out=${a#*=};; --metafile=*) meta=${a#*=};; esac; done
mkdir "$out"
cat src/main.jsx node_modules/form/index.js >"$out/page.js"
echo "body{}" >"$out/page.css"
echo '{"outputs":{"out/page.js":{"inputs":{"src/main.jsx":{"bytesInOutput":3},"node_modules/form/index.js":{"bytesInOutput":4},"node_modules/@ours/types/x.js":{"bytesInOutput":0}}}}}' >"$meta"
`}),
		"form":        tarball(t, map[string]string{"index.js": "form", "package.json": `{"license": "MIT", "author": {"name": "A. Author"}}`}),
		"@ours/types": tarball(t, map[string]string{"package.json": `{"license": "UNLICENSED"}`}),
	}
	lock := func(more string) string {
		entry := func(name, dev string) string {
			return fmt.Sprintf(`"node_modules/%s": {"version": "1.0.0", "integrity": "%s"%s}`, name, integrity(things[name]), dev)
		}
		return `{"lockfileVersion": 3, "packages": {"": {}, ` + entry(host, `, "dev": true`) + ", " + entry("form", "") + ", " + entry("@ours/types", "") + more + "}}"
	}
	page := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(page, name)), 0o755), os.WriteFile(filepath.Join(page, name), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("src/main.jsx", "top")
	write("package-lock.json", lock(""))
	if _, err := run(t.Context(), things, page, true); err == nil || !strings.Contains(err.Error(), "page.js, page.css, licences.txt in ") {
		t.Error(err)
	}
	if _, err := run(t.Context(), things, page, false); err != nil {
		t.Fatal(err)
	}
	if said, err := run(t.Context(), things, page, true); err != nil || said[0] != "page.js            7 bytes, is as it was" {
		t.Error(said, err)
	}
	text, err := os.ReadFile(filepath.Join(page, "dist/licences.txt"))
	if err != nil || !strings.Contains(string(text), "form 1.0.0 (MIT)\n\nCopyright (c) A. Author\n\nPermission is hereby granted") || strings.Contains(string(text), "types") {
		t.Errorf("%s %v", text, err)
	}
	for name, c := range map[string]struct{ lock, want string }{
		"other bytes": {strings.ReplaceAll(lock(""), integrity(things["form"]), integrity([]byte("x"))), "form 1.0.0 is sha512-"},
		"an address":  {lock(`, "node_modules/far": {"version": "1.0.0", "integrity": "sha512-x", "resolved": "https://registry.example/far.tgz"}`), "far has the address of a registry"},
		"twice":       {lock(`, "node_modules/form/node_modules/form": {"version": "2.0.0", "integrity": "sha512-x"}`), "is there twice"},
		"no hash":     {lock(`, "node_modules/far": {"version": "1.0.0"}`), "far has no sha512"},
		"not there":   {lock(`, "node_modules/far": {"version": "1.0.0", "integrity": "sha512-x"}`), "there is no such package"},
		"no bundler":  {`{"lockfileVersion": 3, "packages": {}}`, "the bundler for this machine"},
		"old form":    {`{"lockfileVersion": 1}`, "its form is 1"},
	} {
		write("package-lock.json", c.lock)
		if _, err := run(t.Context(), things, page, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	things["form"] = tarball(t, map[string]string{"index.js": "form", "package.json": `{"license": "GPL-3.0"}`})
	write("package-lock.json", lock(""))
	if _, err := run(t.Context(), things, page, false); err == nil || !strings.Contains(err.Error(), `form: its licence is "GPL-3.0", and its text is nowhere`) {
		t.Error(err)
	}
}
