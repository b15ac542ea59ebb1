package remote

import (
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
)

const sumA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestHTTPFile(t *testing.T) {
	ruletest.Golden(t, HTTPFile, ruletest.World{}, []ruletest.Case{
		{Name: "one file", Attrs: map[string]any{"url": "https://h.example/a/b.bin?x=1", "sha256": sumA, "executable": true}},
		{Name: "mirrors and an archive", Attrs: map[string]any{"urls": []string{"https://h.example/a.tgz", "http://i.example/b"}, "sha256": "A" + sumA[1:], "unpack": true, "strip": int64(1)}},
		{Name: "a format by name, a folder by name", Attrs: map[string]any{"url": "https://h.example/get", "sha256": sumA, "unpack": "zip", "out": "src"}},
		{Name: "unpack = false", Attrs: map[string]any{"url": "https://h.example/a.zip", "sha256": sumA, "unpack": false}},
		{Name: "no name in the URL", Attrs: map[string]any{"url": "https://h.example/", "sha256": sumA}},
		{Name: "no digest", Attrs: map[string]any{"url": "https://h.example/a"}},
		{Name: "a short digest", Attrs: map[string]any{"url": "https://h.example/a", "sha256": "abc"}},
		{Name: "no url", Attrs: map[string]any{"sha256": sumA}},
		{Name: "url and urls", Attrs: map[string]any{"url": "https://h.example/a", "urls": []string{"https://h.example/a"}, "sha256": sumA}},
		{Name: "a file URL", Attrs: map[string]any{"url": "file:///etc/passwd", "sha256": sumA}},
		{Name: "another scheme", Attrs: map[string]any{"url": "ftp://h.example/a", "sha256": sumA}},
		{Name: "credentials", Attrs: map[string]any{"url": "https://me:secret@h.example/a", "sha256": sumA}},
		{Name: "two lines", Attrs: map[string]any{"urls": []string{"https://h.example/a\nhttps://h.example/b"}, "sha256": sumA}},
		{Name: "an unknown format", Attrs: map[string]any{"url": "https://h.example/a", "sha256": sumA, "unpack": "tar.gs"}},
		{Name: "xz", Attrs: map[string]any{"url": "https://h.example/a", "sha256": sumA, "unpack": "tar.xz"}},
		{Name: "a name without a format", Attrs: map[string]any{"url": "https://h.example/a", "sha256": sumA, "unpack": true}},
		{Name: "unpack of a number", Attrs: map[string]any{"url": "https://h.example/a", "sha256": sumA, "unpack": 3.0}},
		{Name: "strip of a single file", Attrs: map[string]any{"url": "https://h.example/a", "sha256": sumA, "strip": int64(1)}},
		{Name: "a negative strip", Attrs: map[string]any{"url": "https://h.example/a.zip", "sha256": sumA, "strip": int64(-1), "unpack": true}},
		{Name: "an executable archive", Attrs: map[string]any{"url": "https://h.example/a.zip", "sha256": sumA, "executable": true, "unpack": true}},
	})
}

func TestRegistryFile(t *testing.T) {
	attrs := func(index, pkg, version string, more ...any) map[string]any {
		m := map[string]any{"index": index, "package": pkg, "version": version, "sha256": sumA}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	ruletest.Golden(t, RegistryFile, ruletest.World{}, []ruletest.Case{
		{Name: "a wheel", Attrs: attrs("pypi", "idna", "3.10", "file", "idna-3.10-py3-none-any.whl")},
		{Name: "a wheel, unpacked", Attrs: attrs("pypi", "idna", "3.10", "file", "idna-3.10-py3-none-any.whl", "unpack", true)},
		{Name: "npm's tarball", Attrs: attrs("npm", "@scope/left-pad", "1.0.0", "unpack", true, "strip", int64(1))},
		{Name: "a Go module", Attrs: attrs("go", "example.org/Mod/v2", "v2.1.0", "unpack", true)},
		{Name: "pypi without a file", Attrs: attrs("pypi", "idna", "3.10")},
		{Name: "a path as file", Attrs: attrs("pypi", "idna", "3.10", "file", "a/b.whl")},
		{Name: "a package that climbs", Attrs: attrs("npm", "../x", "1")},
		{Name: "a version with a query", Attrs: attrs("npm", "x", "1?y")},
	})
}
