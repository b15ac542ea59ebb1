// Package gen writes the package that a workflow becomes, to the byte the same for equal workflows and options.
package gen

// Options are what a workflow's package takes beside its spec.
type Options struct {
	Prefix  string // of the folder's and the distribution's name: "wt-"; the module's has _ for -
	Version string // "1.2.3": it decides; "" for the rule of Before
	// Before is what the package was when it was last written to the source tree; nil for a first one.
	Before *Before
	// Variant renames the run-time packages: "gcp".
	Variant string
	// EnvOverrides is a TOML file of features, dependencies and pypi-dependencies that win over the spec's; nil for none.
	EnvOverrides []byte
	// Adapter says that tasks of generation A run on cairn's adapter, which goes into the package.
	Adapter bool
	// Compiler is what headers name: "cairn 0.1.0".
	Compiler string
}

// Before is the version and the fingerprints of an earlier package.
type Before struct {
	Version string
	Params  string // the fingerprint of params.json
	All     string // the fingerprint of everything
}

// File is one file of a package.
type File struct {
	Path string // below the package's folder
	Data []byte
}

// Package is all that is written.
type Package struct {
	Dir    string // the folder's name: "wt-patrols-workflow"
	Module string // "wt_patrols_workflow"
	Files  []File // sorted by path
}
