package gen

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/gen/manifest"
)

// ReadBefore reads what a package in the source tree says of itself, in VERSION.yaml and README.md. Read gives a file below the
// package's folder, and an error that is fs.ErrNotExist where there is none. Where none of the two is there, so was no package: the
// result is nil.
func ReadBefore(read func(path string) ([]byte, error)) (*Before, error) {
	files := []string{"VERSION.yaml", "README.md"}
	var data [][]byte
	var missing []string
	for _, f := range files {
		b, err := read(f)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, f)
		case err != nil:
			return nil, err
		}
		data = append(data, b)
	}
	switch len(missing) {
	case len(files):
		return nil, nil
	case 0:
	default:
		return nil, fmt.Errorf("to update a package, all of (%s) must exist, and %s does not", strings.Join(files, ", "), strings.Join(missing, ", "))
	}
	v, err := manifest.ReadVersion(data[0])
	if err != nil {
		return nil, err
	}
	f, err := manifest.ReadReadme(data[1])
	if err != nil {
		return nil, err
	}
	return &Before{Version: v.String(), Params: f.Params, All: f.Strict}, nil
}
