// Package toolset finds programs of the host and says what they are: shims resolved, content hashed, ELF closure and
// sub-programs included. It knows nothing of targets.
package toolset

import "github.com/cairn-build/cairn/cache/digest"

// Tool is one program of the host, or one set of programs ("posix"), found and identified.
type Tool struct {
	Name     string      // as BUILD.hcl writes it: "python3"
	Path     string      // the real program, shims and links resolved; absolute; "" for a set
	Identity digest.Hash // what enters keys
	Files    []string    // absolute paths whose stat facts decide whether Identity still holds, Path among them
	Roots    []string    // absolute folders or files that a sandbox must show for the program to work, beyond the system's own
	// Programs are what must be found by name while the tool is used: name -> absolute path. The tool itself is among
	// them, and so are programs that it starts by name (gcc starts as and ld).
	Programs map[string]string
}
