package main

import (
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/http"
	"github.com/cairn-build/cairn/graph/fetch/registry"
	"github.com/cairn-build/cairn/rules"
)

// wired names what this binary is made of: the kinds, the toolchains and the ways to bring bytes from outside. Nothing is
// started or opened before it is needed.
func wired() build.Options {
	return build.Options{
		Kinds:      rules.All(),
		Toolchains: rules.Toolchains(),
		Fetchers: map[string]func() fetch.Fetcher{
			"http":     func() fetch.Fetcher { return http.New(http.Options{}) },
			"registry": func() fetch.Fetcher { return registry.New(registry.Options{}) },
		},
		GitDescribe: gitDescribe,
	}
}
