package main

import (
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/rules"
)

// wired names what this binary is made of: the kinds, the toolchains and the ways to bring bytes from outside. Nothing is
// started or opened before it is needed.
func wired() build.Options {
	return build.Options{
		Kinds:       rules.All(),
		Toolchains:  rules.Toolchains(),
		GitDescribe: gitDescribe,
	}
}
