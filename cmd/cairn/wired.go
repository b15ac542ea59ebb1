package main

import (
	"path/filepath"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/git"
	"github.com/cairn-build/cairn/graph/fetch/http"
	"github.com/cairn-build/cairn/graph/fetch/registry"
	"github.com/cairn-build/cairn/rules"
	"github.com/cairn-build/cairn/rules/python"
)

// wired names what this binary is made of: the kinds, the toolchains and the ways to bring bytes from outside. Nothing is
// started or opened before it is needed. Fetchers keep what they keep in the cache's folder.
func wired(cacheDir string) build.Options {
	return build.Options{
		Kinds:      rules.All(),
		Toolchains: rules.Toolchains(),
		Fetchers: map[string]func() fetch.Fetcher{
			"git": func() fetch.Fetcher {
				return git.New(git.Options{Dir: mirrorsIn(cacheDir), VersionFromGit: python.VersionFromGit})
			},
			"http":     func() fetch.Fetcher { return http.New(http.Options{}) },
			"registry": func() fetch.Fetcher { return registry.New(registry.Options{}) },
		},
		GitDescribe: gitDescribe,
	}
}

// mirrorsIn gives the folder of the mirrors of git repositories.
func mirrorsIn(cacheDir string) string { return filepath.Join(cacheDir, "git") }
