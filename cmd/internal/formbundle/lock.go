package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// entry is a package of the lock file. Integrity is npm's: "sha512-" and the digest in base64.
type entry struct {
	Name      string `json:"-"`
	Version   string `json:"version"`
	Integrity string `json:"integrity"`
	Resolved  string `json:"resolved"`
	Dev       bool   `json:"dev"`
}

// readLock reads package-lock.json and gives what the page is made of, by name, and the bundler for this machine.
func readLock(file string) (page []entry, bundler entry, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, entry{}, err
	}
	var lock struct {
		Version  int              `json:"lockfileVersion"`
		Packages map[string]entry `json:"packages"`
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		return nil, entry{}, fmt.Errorf("%s: %w", file, err)
	}
	if lock.Version != 3 {
		return nil, entry{}, fmt.Errorf("%s: its form is %d, and 3 is what can be read", file, lock.Version)
	}
	host := "@esbuild/" + runtime.GOOS + "-" + strings.NewReplacer("amd64", "x64", "386", "ia32").Replace(runtime.GOARCH)
	for at, e := range lock.Packages {
		name, ok := strings.CutPrefix(at, "node_modules/")
		if !ok {
			continue // the page itself
		}
		e.Name = name
		switch {
		case strings.Contains(name, "node_modules/"):
			return nil, entry{}, fmt.Errorf("%s: %s is there twice; two versions of a package do not belong on one page", file, at)
		case e.Resolved != "":
			return nil, entry{}, fmt.Errorf("%s: %s has the address of a registry; `npm install --omit-lockfile-registry-resolved` writes none", file, name)
		case !strings.HasPrefix(e.Integrity, "sha512-"):
			return nil, entry{}, fmt.Errorf("%s: %s has no sha512", file, name)
		case name == host:
			bundler = e
		case !e.Dev:
			page = append(page, e)
		}
	}
	if bundler.Name == "" {
		return nil, entry{}, fmt.Errorf("%s: there is no %s, the bundler for this machine", file, host)
	}
	slices.SortFunc(page, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
	return page, bundler, nil
}
