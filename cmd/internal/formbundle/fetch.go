package main

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/archive"
)

// most is how large a package may be: the bundler has 11 MB.
const most = 64 << 20

// install brings packages into a folder node_modules, four at a time.
func install(ctx context.Context, f fetch.Fetcher, all []entry, modules string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := make(chan struct{}, 4)
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, e := range all {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if errs[i] = unpack(ctx, f, e, filepath.Join(modules, filepath.FromSlash(e.Name))); errs[i] != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// unpack brings one package and proves that it is what the lock file names.
func unpack(ctx context.Context, f fetch.Fetcher, e entry, dir string) error {
	body, err := f.Fetch(ctx, fetch.Request{Params: map[string]string{"index": "npm", "package": e.Name, "version": e.Version}})
	if err != nil {
		return err
	}
	defer body.Close()
	tarball, err := os.CreateTemp("", "npm-*.tgz")
	if err != nil {
		return err
	}
	defer os.Remove(tarball.Name())
	defer tarball.Close()
	h := sha512.New()
	n, err := io.Copy(io.MultiWriter(tarball, h), io.LimitReader(body, most))
	if err != nil {
		return fmt.Errorf("%s %s: %w", e.Name, e.Version, err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != e.Integrity {
		return fmt.Errorf("%s %s is %s, and the lock file has %s", e.Name, e.Version, got, e.Integrity)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := archive.Unpack(ctx, tarball, n, "tar.gz", archive.Options{Strip: 1}, root); err != nil {
		return fmt.Errorf("%s %s: %w", e.Name, e.Version, err)
	}
	return nil
}
