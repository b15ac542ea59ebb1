// Command formbundle makes the page of `cairn serve workflow`: one script, one style sheet, and the licences of what is in them, out
// of the sources and the lock file in cmd/internal/flowserver/page. Packages and the bundler come from the npm registry that this
// machine's npm is configured for, and are what the lock file says, or it fails; neither node nor npm is needed. What it writes is
// committed, so that a build of cairn needs nothing of this.
//
//	go run ./cmd/internal/formbundle          # from the root of the repository
//	go run ./cmd/internal/formbundle -check   # says whether what is committed is what the sources give
//
// After a change of package.json: npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/registry"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail where what is committed is not what the sources give")
	page := flag.String("page", "cmd/internal/flowserver/page", "the `folder` with the sources")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	said, err := run(ctx, registry.New(registry.Options{}), *page, *check)
	for _, s := range said {
		fmt.Println(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "formbundle:", err)
		os.Exit(1)
	}
}

// run makes the page and writes it, or compares it with what is there. It gives a line for each file.
func run(ctx context.Context, f fetch.Fetcher, page string, check bool) ([]string, error) {
	files, err := bundle(ctx, f, page)
	if err != nil {
		return nil, err
	}
	var said, differ []string
	for _, name := range []string{"page.js", "page.css", "licences.txt"} {
		path := filepath.Join(page, "dist", name)
		old, err := os.ReadFile(path)
		same := err == nil && bytes.Equal(old, files[name])
		state := "is as it was"
		if !same {
			state = "is new"
			differ = append(differ, name)
		}
		said = append(said, fmt.Sprintf("%-12s %7d bytes, %s", name, len(files[name]), state))
		if same || check {
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, files[name], 0o644)); err != nil {
			return said, err
		}
	}
	if check && differ != nil {
		return said, fmt.Errorf("%s in %s: not what the sources give; go run ./cmd/internal/formbundle", strings.Join(differ, ", "), filepath.Join(page, "dist"))
	}
	return said, nil
}

// bundle makes the files of the page in a folder that it removes.
func bundle(ctx context.Context, f fetch.Fetcher, page string) (map[string][]byte, error) {
	all, bundler, err := readLock(filepath.Join(page, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "formbundle-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	modules, out := filepath.Join(tmp, "node_modules"), filepath.Join(tmp, "out")
	if err := install(ctx, f, append(slices.Clone(all), bundler), modules); err != nil {
		return nil, err
	}
	if err := os.CopyFS(filepath.Join(tmp, "src"), os.DirFS(filepath.Join(page, "src"))); err != nil {
		return nil, err
	}
	// Names of what is bundled are taken from the folder, so that neither its place nor the machine shows.
	c := exec.CommandContext(ctx, filepath.Join(modules, filepath.FromSlash(bundler.Name), "bin", "esbuild"), "page=src/main.jsx", "--outdir="+out,
		"--bundle", "--minify", "--format=iife", "--target=es2022", "--charset=utf8", "--jsx=automatic", "--legal-comments=none", "--log-level=warning",
		`--define:process.env.NODE_ENV="production"`, "--alias:@rjsf/validator-ajv8=./src/validator.js", "--metafile="+filepath.Join(tmp, "meta.json"))
	c.Dir = tmp
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + tmp}
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the bundler: %w\n%s", err, said)
	}
	files := map[string][]byte{}
	for _, name := range []string{"page.js", "page.css"} {
		if files[name], err = os.ReadFile(filepath.Join(out, name)); err != nil {
			return nil, err
		}
	}
	meta, err := os.ReadFile(filepath.Join(tmp, "meta.json"))
	if err != nil {
		return nil, err
	}
	in, err := used(meta, all)
	if err != nil {
		return nil, err
	}
	files["licences.txt"], err = licences(modules, in)
	return files, err
}
