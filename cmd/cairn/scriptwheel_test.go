package main

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/registry"
	"github.com/cairn-build/cairn/rules/python"
)

// wheel SITE FILE DIR: packs the folder into a wheel of that name, with what a wheel must have, and puts it into the index
// below SITE. $SHA_<PACKAGE> is its digest. The same folder gives the same bytes.
func wheel(ts *testscript.TestScript, _ bool, args []string) {
	site, name, dir := ts.MkAbs(args[0]), args[1], ts.MkAbs(args[2])
	parts := strings.Split(name, "-")
	info := parts[0] + "-" + parts[1] + ".dist-info/"
	files := map[string]string{
		info + "METADATA": "Metadata-Version: 2.1\nName: " + parts[0] + "\nVersion: " + parts[1] + "\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: cairn\nRoot-Is-Purelib: true\nTag: " + strings.TrimSuffix(strings.Join(parts[len(parts)-3:], "-"), ".whl") + "\n",
	}
	ts.Check(filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		if rel = filepath.ToSlash(rel); rel == "entry_points.txt" {
			rel = info + rel
		}
		files[rel] = string(b)
		return err
	}))
	var record strings.Builder
	var names []string
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&record, "%s,,\n", n)
	}
	files[info+"RECORD"] = record.String() + info + "RECORD,,\n"
	names = append(names, info+"RECORD")
	ts.Check(os.MkdirAll(filepath.Join(site, "files"), 0o755))
	out, err := os.Create(filepath.Join(site, "files", name))
	ts.Check(err)
	z := zip.NewWriter(out)
	for _, n := range names {
		w, err := z.Create(n)
		ts.Check(err)
		_, err = io.WriteString(w, files[n])
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(out.Close())
	b, err := os.ReadFile(out.Name())
	ts.Check(err)
	sum := sha256.Sum256(b)
	ts.Setenv("SHA_"+strings.ToUpper(parts[0]), hex.EncodeToString(sum[:]))
	offer(ts, site, strings.ReplaceAll(strings.ToLower(parts[0]), "_", "-"), name, hex.EncodeToString(sum[:]))
}

// offer adds a file to a package's page.
func offer(ts *testscript.TestScript, site, pkg, name, sum string) {
	dir := filepath.Join(site, "simple", pkg)
	ts.Check(os.MkdirAll(dir, 0o755))
	f, err := os.OpenFile(filepath.Join(dir, "index.html"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "<a href=\"../../files/%s#sha256=%s\">%s</a>\n", name, sum, name)
	ts.Check(err)
	ts.Check(f.Close())
}

// uvwheel SITE: puts the uv that installs wheels into the index below SITE.
func uvWheel(ts *testscript.TestScript, _ bool, args []string) {
	have, err := uvFile()
	ts.Check(err)
	site := ts.MkAbs(args[0])
	_, name, sum, _ := python.UV(build.HostPlatform())
	ts.Check(os.MkdirAll(filepath.Join(site, "files"), 0o755))
	ts.Check(os.Symlink(have, filepath.Join(site, "files", name)))
	offer(ts, site, "uv", name, sum)
}

// uvFile fetches uv once for all scripts, and for later runs of the tests, as the user's own pip would.
var uvFile = sync.OnceValues(func() (string, error) {
	version, name, sum, ok := python.UV(build.HostPlatform())
	if !ok {
		return "", fmt.Errorf("there is no uv for %s", build.HostPlatform())
	}
	at := filepath.Join(os.TempDir(), "cairn-test-"+sum[:16]+"-"+name)
	if b, err := os.ReadFile(at); err == nil {
		if got := sha256.Sum256(b); hex.EncodeToString(got[:]) == sum {
			return at, nil
		}
	}
	r, err := registry.New(registry.Options{}).Fetch(context.Background(), fetch.Request{SHA256: sum,
		Params: map[string]string{"index": "pypi", "package": "uv", "version": version, "file": name}})
	if err != nil {
		return "", err
	}
	defer r.Close()
	f, err := os.CreateTemp("", "cairn-test-uv-")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", err
	}
	return at, os.Rename(f.Name(), at)
})
