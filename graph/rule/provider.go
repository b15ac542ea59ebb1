package rule

import "time"

// Provider is a set of typed facts that a target hands to those who depend on it. Each type is given at most once by a target.
type Provider interface {
	// ProviderName is the word that Attr.Needs and messages use: "program".
	ProviderName() string
}

// Program is what `cairn run` starts and what a `tools` attribute can name: provider "program".
type Program struct {
	Argv    []string // placeholders of HostTool allowed; paths are relative to the root of the action's tree
	Env     []EnvVar
	PassEnv []string
	Data    []Artifact // what must be there when it runs
	Tools   []string   // programs of the host that Argv names
	// Trees are needed like Data, but are used where they lie in the cache and not put into cairn-out: Argv and Env name
	// them, and what is below them, by their paths in an action's tree.
	Trees    []Artifact
	Layers   []Layer
	Platform Platform
	// Here programs start where cairn was called, and not in the workspace. Then paths of Data, and elements of PYTHONPATH, are made absolute.
	Here bool
	// Path are folders that lead the PATH of a Here program, as Argv names paths.
	Path []string
	// Paths names those variables in Env of a Here program whose values are lists of paths, as Argv names them: they are made absolute, too.
	Paths []string
	// Script programs are started by a cairn that stays, in an environment of their own; nil for those that take cairn's place.
	Script *Script
}

// Script says how a program that cairn stays with is started.
type Script struct {
	Dir string // where it starts, as Argv names paths; "" is where the caller is
	// Path are folders that lead the script's PATH, as Argv names paths.
	Path  []string
	Grace time.Duration // between being asked to stop and being killed
	// Calls says that Argv starts runner.py, which imports the script and calls its functions as it is told.
	Calls bool
	// Init and Main are what those are called with: JSON, {"args": [...], "kwargs": {...}}; "" for nothing.
	Init, Main string
	// Env names what the script runs in, for people: the environment's label, "" for the host's interpreter. Chosen says that the
	// target names it, and not the workspace or nobody.
	Env    string
	Chosen bool
	Key    string // what makes the environment another one, for people: "content" or "commit"
	// List is the environment's packages.json, and Project a pyproject.toml that need not be there, as Argv names paths: the
	// version of the project in the list is the library's.
	List, Project string
}

// ProviderName implements Provider.
func (Program) ProviderName() string { return "program" }

// Toolchain is how one kind of work is done for one platform: provider "toolchain".
type Toolchain struct {
	Kind      string            // "go", "cc"
	Platform  Platform          // what it makes things for
	HostTools map[string]string // role -> program of the host: "cc" -> "gcc"
	Env       []EnvVar
}

// ProviderName implements Provider.
func (Toolchain) ProviderName() string { return "toolchain" }

// Checkout is a tree of a version control system at one commit: provider "checkout". Commit is "" as long as nobody asked
// what it is; the build that wants the target asks.
//
// CommitFile and DescribeFile are files that are made where an action has them among its inputs, and not otherwise. Both come of the
// same answer as the tree, and each is keyed by its own text.
type Checkout struct {
	Tree Artifact
	// CommitFile holds the commit's id, 40 or 64 hex digits, and a line end.
	CommitFile Artifact
	// DescribeFile holds the nearest tag with a digit in its name, how many commits ago it was, and the commit ("v1.2-3-g0123456789ab"), or
	// the commit alone where there is no such tag, and a line end. It is empty where the version of what is in Tree does
	// not come from git, so that a new commit is no other file.
	DescribeFile Artifact
	URL          string
	Ref          string // what was declared: "refs/heads/main", "refs/tags/v1", "HEAD", or a commit
	Commit       string
}

// ProviderName implements Provider.
func (Checkout) ProviderName() string { return "checkout" }

// Fetched is a file from outside, or what was unpacked of it: provider "fetched".
type Fetched struct {
	File   string // its name where it comes from
	SHA256 string // 64 lower-case hex digits
}

// ProviderName implements Provider.
func (Fetched) ProviderName() string { return "fetched" }
