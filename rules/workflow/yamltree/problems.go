package yamltree

import "github.com/cairn-build/cairn/graph/diag"

// maxProblems bounds how many problems of a file are kept: each takes more than the line that it is about.
const maxProblems = 20000

// Add appends d to the problems of a file. Beyond 20,000 the last says that there are more, and nothing is added.
func Add(ds diag.List, d diag.Diag) diag.List {
	switch {
	case len(ds) > maxProblems:
		return ds
	case len(ds) == maxProblems:
		d = diag.Diag{Code: "too-large", Summary: "There are more problems", Detail: "Those that come after are not shown.", Range: d.Range}
	}
	return append(ds, d)
}
