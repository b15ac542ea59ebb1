// Package toolset finds programs of the host and says what they are: shims resolved, content hashed, ELF closure and
// sub-programs included. It knows nothing of targets.
package toolset

import "github.com/cairn-build/cairn/cache/digest"

// Tool is one program of the host, found and identified.
type Tool struct {
	Name     string      // as BUILD.hcl writes it: "python3"
	Path     string      // the real program, shims and links resolved; absolute
	Identity digest.Hash // what enters keys
	Files    []string    // absolute paths whose stat facts decide whether Identity still holds, Path among them
	Roots    []string    // absolute folders that a sandbox must show for the program to work, beyond the system's own
}
