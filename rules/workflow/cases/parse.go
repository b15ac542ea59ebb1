package cases

import "github.com/cairn-build/cairn/graph/diag"

// Parse reads a file; file is its name in messages, relative to the workspace. All that is wrong is said at once. The File is never nil, and
// whole only where the list has no errors.
func Parse(file string, src []byte) (*File, diag.List) {
	return &File{}, diag.List{{Code: "unreadable", Summary: "Test cases are not read yet", Range: diag.Range{File: file}}}
}
