package registry

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/graph/fetch/http"
)

// maxMetadata is how large a wheel's METADATA may be.
const maxMetadata = 32 << 20

// linked gives the files of a package that a find-links has.
func (r *relay) linked(s *pypiSetup, link, pkg string) ([]place, error) {
	if dir, ok := localPath(link); ok {
		return inFolder(dir, pkg), nil
	}
	page, err := s.client.Get(r.ctx, http.Source{URL: link, Header: nethttp.Header{"Accept": {"text/html"}}}, maxPage)
	if err != nil {
		return nil, err
	}
	var out []place
	for _, f := range parseLinks(page) {
		if packageOf(f.name) == pkg {
			out = append(out, place{f, link})
		}
	}
	return out, nil
}

// inFolder gives the files of a package in a folder of this machine, with their digests; none where there is no such folder.
func inFolder(dir, pkg string) []place {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []place
	for _, e := range entries {
		if packageOf(e.Name()) != pkg {
			continue
		}
		at := filepath.Join(dir, e.Name())
		if sum, err := sumOf(at); err == nil {
			out = append(out, place{pageFile{name: e.Name(), url: at, sha256: sum}, ""})
		}
	}
	return out
}

func sumOf(file string) (string, error) {
	f, err := openPlain(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func openPlain(file string) (io.ReadCloser, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// packageOf gives the normalised name of the package that a distribution's file is of, "" for other files.
func packageOf(file string) string {
	if stem, ok := strings.CutSuffix(file, ".whl"); ok {
		name, _, _ := strings.Cut(stem, "-")
		return normalize(name)
	}
	for _, ending := range []string{".tar.gz", ".zip", ".tar.bz2", ".tgz"} {
		if stem, ok := strings.CutSuffix(file, ending); ok {
			i := strings.LastIndexByte(stem, '-')
			return normalize(stem[:max(i, 0)])
		}
	}
	return ""
}

// metadata gives a wheel's METADATA: what lies beside it where its index says so, else out of the wheel itself.
func (r *relay) metadata(f place) ([]byte, error) {
	if f.metadata {
		body, err := r.open(f, ".metadata")
		if err == nil {
			defer body.Close()
			return io.ReadAll(io.LimitReader(body, maxMetadata))
		}
	}
	tmp, err := os.CreateTemp("", "cairn-wheel-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	body, err := r.open(f, "")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, h), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); f.sha256 != "" && !strings.EqualFold(got, f.sha256) {
		return nil, fmt.Errorf("%s has the SHA-256 %s, and the index says %s", f.name, got, f.sha256)
	}
	b, err := metadataIn(tmp, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return b, nil
}

// metadataIn reads METADATA out of a wheel.
func metadataIn(r io.ReaderAt, size int64) ([]byte, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("it is no wheel: %w", err)
	}
	for _, e := range z.File {
		dir, name, _ := strings.Cut(e.Name, "/")
		if name != "METADATA" || !strings.HasSuffix(dir, ".dist-info") {
			continue
		}
		f, err := e.Open()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, maxMetadata))
	}
	return nil, fmt.Errorf("it is no wheel: it has no METADATA")
}
