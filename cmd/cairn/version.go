package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
)

// version is cairn's own, in the form of semantic versions. A release sets it with -ldflags "-X main.version=1.2.3".
var version = "0.1.0"

func versionCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "version",
		Short: "Prints cairn's version.",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.flags.json {
				return a.ui.JSON(map[string]string{"version": version, "go": runtime.Version(), "platform": build.HostPlatform().String()})
			}
			a.ui.Line("cairn " + version + " (" + runtime.Version() + ", " + build.HostPlatform().String() + ")")
			return nil
		},
	})
}
