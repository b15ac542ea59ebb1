package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
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
// below SITE. $SHA_<PACKAGE> is its digest. The same folder gives the same bytes. Its entry_points.txt is the wheel's.
func wheel(ts *testscript.TestScript, _ bool, args []string) {
	site, name, dir := ts.MkAbs(args[0]), args[1], ts.MkAbs(args[2])
	files := map[string]string{}
	ts.Check(filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		files[filepath.ToSlash(rel)] = string(b)
		return err
	}))
	sum, err := packWheel(site, name, files)
	ts.Check(err)
	ts.Setenv("SHA_"+strings.ToUpper(strings.Split(name, "-")[0]), sum)
}

// packWheel makes a wheel of some files, puts it into the index below site, and gives its digest.
func packWheel(site, name string, files map[string]string) (sum string, err error) {
	parts := strings.Split(name, "-")
	info := parts[0] + "-" + parts[1] + ".dist-info/"
	all := map[string]string{
		info + "METADATA": "Metadata-Version: 2.1\nName: " + parts[0] + "\nVersion: " + parts[1] + "\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: cairn\nRoot-Is-Purelib: true\nTag: " + strings.TrimSuffix(strings.Join(parts[len(parts)-3:], "-"), ".whl") + "\n",
	}
	for rel, text := range files {
		if rel == "entry_points.txt" {
			rel = info + rel
		}
		all[rel] = text
	}
	var record strings.Builder
	for _, n := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&record, "%s,,\n", n)
	}
	all[info+"RECORD"] = record.String() + info + "RECORD,,\n"
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, n := range slices.Sorted(maps.Keys(all)) {
		w, err := z.Create(n)
		if err != nil {
			return "", err
		}
		if _, err := io.WriteString(w, all[n]); err != nil {
			return "", err
		}
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(site, "files"), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(site, "files", name), out.Bytes(), 0o644); err != nil {
		return "", err
	}
	digest := sha256.Sum256(out.Bytes())
	sum = hex.EncodeToString(digest[:])
	return sum, offer(site, strings.ReplaceAll(strings.ToLower(parts[0]), "_", "-"), name, sum)
}

// offer adds a file to a package's page.
func offer(site, pkg, name, sum string) error {
	dir := filepath.Join(site, "simple", pkg)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, "index.html"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "<a href=\"../../files/%s#sha256=%s\">%s</a>\n", name, sum, name)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// uvwheel SITE: puts the uv that installs wheels into the index below SITE.
func uvWheel(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(offerUV(ts.MkAbs(args[0])))
}

func offerUV(site string) error {
	have, err := uvFile()
	if err != nil {
		return err
	}
	_, name, sum, _ := python.UV(build.HostPlatform())
	if err := os.MkdirAll(filepath.Join(site, "files"), 0o755); err != nil {
		return err
	}
	if err := os.Symlink(have, filepath.Join(site, "files", name)); err != nil {
		return err
	}
	return offer(site, "uv", name, sum)
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
