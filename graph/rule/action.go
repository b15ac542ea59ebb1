package rule

import (
	"context"
	"io"
	"strings"
	"time"
)

// OutDir is the folder of the workspace, and of every action's tree, that outputs lie in.
const OutDir = "cairn-out"

// ArtifactKind is what an Artifact is on disk.
type ArtifactKind uint8

const (
	Source     ArtifactKind = iota // a file of the workspace
	OutputFile                     // a file that an action writes
	OutputTree                     // a folder that an action writes
)

// Artifact is a file or a tree that actions read or write. Path is where it lies in an action's tree, slash-separated:
// a source at its workspace-relative path, an output at cairn-out/<package>/<name>/<out>. Artifacts are comparable, and
// equal paths are equal artifacts.
type Artifact struct {
	Path string
	Kind ArtifactKind
}

// Action is one declared piece of work. Exactly one of Spawn, Call and Fetch is set. Everything in it enters the key
// but what a comment exempts.
type Action struct {
	Mnemonic string // one word for people, "Compile"; not keyed
	// Subject says for people what the action works on, where a target has several of one Mnemonic: "src/drive.c". Not keyed.
	Subject string
	Inputs  []Artifact
	Outputs []Artifact
	Spawn   *Spawn
	Call    *Call
	Fetch   *Fetch
	// Picks are paths below the trees among Inputs. Of a tree that Picks go into, only they are inputs: a file, or a folder as
	// a tree of its own. Links within the tree are followed. A path that is not there is no error; the key says so by its absence.
	Picks []string
	Test  bool // runs in `cairn test` only, and has no outputs; not keyed
	// Case says for people what of the target a Test tests, where there are several: "sequential cli: hot day". Not keyed.
	Case string

	Resources Resources // not keyed
	Exclusive bool      // not keyed
	Local     bool      // not keyed
	// Uncached actions run in each build that wants them and leave nothing in the cache.
	Uncached bool
	Asks     *Ask // set where the answer depends on when it was asked; not keyed
}

// Title names an action for people, "Compile src/drive.c".
func Title(mnemonic, subject string) string {
	if subject == "" {
		return mnemonic
	}
	return mnemonic + " " + subject
}

// Spawn is a command. Argv, Env values and Stdout may hold placeholders made by HostTool.
type Spawn struct {
	Argv    []string
	Env     []EnvVar // sorted by name, each name once
	PassEnv []string // names passed on from the caller; the action is Uncached
	// ClientEnv are names passed on from the caller that say where bytes come from and never what they are (GOPROXY,
	// HTTPS_PROXY): not keyed, and the action stays cacheable.
	ClientEnv []string
	// HostTools are the programs of the host that the command may start, by name, and folders that it reads, named by HostFolder. Their identity is keyed.
	HostTools []string
	Posix     bool   // may start sh, coreutils, grep, sed, awk, tar, gzip, find, xargs
	Stdout    string // the path of the declared output that takes standard output; "" for none
	// DepFile is the path, in the action's tree, of a file in Make's syntax that lists what was read. It need not be an
	// output. It narrows the key: of Inputs, only what it names counts.
	DepFile string
	// Discover are paths of Inputs, and of folders above some, of which the depfile tells all that was looked at: of the rest of
	// them not even the names are in the narrow key, and of other inputs all is. In the depfile, `a/b` is a file's content, `a/b/`
	// the names in a folder, and `a/b/.` what kind of thing lies there; what is not there counts by its absence.
	Discover []string
	Network  bool
	// Relay names the fetcher that a client among the command's programs asks through, "" for none: while the command runs, the
	// fetcher answers on this machine's loopback, and its variables say where. Not keyed. It goes with Network.
	Relay   string
	Timeout time.Duration // not keyed; 0: none
	Scratch []Scratch     // not keyed
	Layers  []Layer       // folders that hang on this machine; what they are made from is keyed
	// Each, where set, fans the command out over the files of a tree.
	Each *Each
}

// Scratch is a named folder that lives across builds, for tools with a cache of their own (Go's, say). Its absolute path
// is put into the environment variable Env, which is not keyed. One action at a time holds a Scratch unless it is Shared.
type Scratch struct {
	Name   string
	Env    string
	Shared bool
}

// Each fans one Spawn out over the contents of a tree: one command for each file of Tree that one of Globs matches, each
// with a key of its own. In Argv, Env, Stdout and DepFile `{file}` stands for the file's path in the action's tree, `{rel}` for its
// path in Tree, `{stem}` for {rel} without its extension. The one output is a tree; what the commands write below it is merged.
// {rel}'s folder is there, below the output tree and where DepFile lies, when the command starts. Tree is among Inputs.
type Each struct {
	Tree  Artifact
	Globs []string
	// Alone commands see their own file of Tree and no other, so that their keys hang on nothing else in it.
	Alone bool
	// Anywhere says that the commands leave the same wherever their files lie: they run at paths that hang on no target, and all
	// targets share what they made. In Argv, Env, Stdout and DepFile those stand for the paths of the action's inputs and output.
	Anywhere bool
	// Empty says that no file at all is no mistake: the output is an empty tree.
	Empty bool
}

// EnvVar is one keyed variable.
type EnvVar struct{ Name, Value string }

// Call runs a CallFunc of the target's rule inside cairn.
type Call struct {
	Func string // "write_file/1"
	Args []byte
	// Notes are for the function's messages, such as places in a file of which Args hold the meaning. Not keyed: what the function
	// writes must not depend on them.
	Notes []byte
}

// CallFunc is Go code that turns declared inputs into declared outputs and reads nothing else. It must be a pure function
// of both and of args. It may be called from several goroutines.
//
// An error that is a diag.List is shown problem by problem, each with its place, as problems of BUILD files are; places are in files
// of the workspace or in the function's inputs. A list of warnings alone is no failure: what was written counts, and a later hit
// shows the warnings again as they were found.
type CallFunc func(ctx context.Context, c CallContext) error

// CallContext is a CallFunc's whole world.
type CallContext interface {
	Args() []byte
	// Notes gives the Call's Notes.
	Notes() []byte
	// Open reads a declared input file: path as in Artifact.Path, or below the path of a declared tree. What is not there is
	// a *NotInputError.
	Open(path string) (io.ReadCloser, error)
	// List gives the files below a declared input tree, sorted, relative to it.
	List(tree string) ([]string, error)
	// Around gives the names of the files directly in a declared input tree or in a folder of one, sorted, whether Picks leave them to
	// the function or not. It is for the messages of errors ("did you mean"), as what it gives is not keyed.
	Around(folder string) ([]string, error)
	// Write makes a declared output file, or a file below a declared output tree.
	Write(path string, data []byte, executable bool) error
	// Symlink makes a link below a declared output tree; target is relative and stays in the tree.
	Symlink(path, target string) error
	// Entries gives what lies below a declared input tree, sorted by path: files and links, relative to it.
	Entries(tree string) ([]Entry, error)
	// Folder gives what lies directly in a declared input tree, or in a folder of one, sorted by name: files, links and folders. Each
	// Path is a name. It is for trees that are too large for Entries.
	Folder(path string) ([]Entry, error)
	// Fetch brings bytes whose digests are declared, several at once. Each is looked up and recorded like a Fetch action, by its
	// digest alone, and brought by the same fetchers. Unpack, Strip and Executable have no meaning here.
	Fetch(fs []Fetch) ([]Blob, error)
	// Offers asks a fetcher what files a package has, for declarations that give digests without names. What it says is
	// not trusted: the bytes are compared with the digest.
	Offers(fetcher string, params map[string]string) ([]Offer, error)
	// Link puts bytes that are in the cache into a declared output tree; they are neither read nor copied.
	Link(path string, b Blob, executable bool) error
	// LinkTree puts a folder that Folder gave, with all that is below it, into a declared output tree. Nothing else may be put there.
	LinkTree(path string, folder Blob) error
}

// NotInputError says that no input is at a path: none is declared, or a tree has no such file. Test with errors.As.
type NotInputError struct {
	Path string
	Tree string // the tree that has no such file, "" where none covers the path
}

// Error implements error.
func (e *NotInputError) Error() string {
	if e.Tree != "" {
		return "no file " + e.Path + " in " + e.Tree
	}
	return e.Path + " is not a declared input"
}

// Blob stands for bytes in the cache: what Fetch brought, or a file of an input tree.
type Blob struct {
	SHA256 string // 64 lower-case hex digits
	Size   int64
}

// Entry is a file or a link of an input tree.
type Entry struct {
	Path       string
	Blob       Blob
	Executable bool
	Link       string // a link's target; "" for a file
	Dir        bool   // a folder, which Blob names; in what Folder gives
}

// Offer is a file that an index has. SHA256 is "" where the index does not say.
type Offer struct{ File, SHA256 string }

// Fetch brings bytes whose digest is declared. Its key is SHA256, Unpack, Strip and Executable, or GitTree and what is done
// with submodules, or the text of Word, and nothing else.
type Fetch struct {
	Fetcher    string            // which fetcher cmd has wired in: "http", "registry", "git"
	Params     map[string]string // for the fetcher; not keyed
	SHA256     string            // 64 lower-case hex digits
	Unpack     string            // "", or the archive's format: "tar.gz", "tar.xz", "zip", ...; "auto" is resolved by the rule
	Strip      int               // leading path parts dropped when unpacking
	Executable bool              // not for trees
	// GitTree is the id of a tree object of git: 40 lower-case hex digits, or 64 in a repository of SHA-256. It stands in the
	// place of SHA256; the one output is a tree, and the fetcher is a fetch.TreeFetcher, which proves every object by its id.
	GitTree string
	// EmptySubmodules leaves the places of submodules as empty folders; otherwise they are an error.
	EmptySubmodules bool
	// Submodules puts the trees of submodules into their places, theirs as well.
	Submodules bool
	// Word makes the one output a small file in place of all this: the word of Pin's answer and a line end, or nothing where the
	// word is empty. Its text is its key.
	Word string
	// Pin is set where BUILD.hcl names what moves, such as a branch. Without an Entry neither SHA256 nor GitTree is known yet, and
	// the engine resolves Pin before the action runs.
	Pin *Pin // not keyed
}

// Pin says how a name that moves comes to a digest. The lock file holds the answer; where it has none, the fetcher (a
// fetch.Resolver) is asked by the build that wants it.
type Pin struct {
	Params map[string]string // the question; an entry of the lock file repeats it, so that an edited BUILD.hcl is asked anew; none: not asked
	Entry  map[string]string // the answer that the declaration was made with, nil for none
	Follow bool              // asked in each run; the lock file counts with --locked only
	// MayFollow: BUILD.hcl leaves it open. Requests that follow ask, as with Follow; others have what the lock file says.
	MayFollow bool
}

// WordText gives the file that a Fetch with a Word makes, false as long as the word is not known.
func (f *Fetch) WordText() (string, bool) {
	if f.Pin == nil {
		return "", false
	}
	switch text, ok := f.Pin.Entry[f.Word]; {
	case !ok:
		return "", false
	case text == "":
		return "", true
	default:
		return text + "\n", true
	}
}

// HostTool gives the placeholder that stands for the path of a program of the host in Argv and Env values. The real path
// is put in when the command starts and never enters a key; the name does, and so does the tool's identity.
func HostTool(name string) string { return "\x01" + name + "\x02" }

// ExpandHostTools replaces placeholders in s by what path gives for each name.
func ExpandHostTools(s string, path func(name string) string) string {
	if strings.IndexByte(s, '\x01') < 0 {
		return s
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "\x01")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, ok := strings.Cut(rest, "\x02")
		if !ok {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(path(name))
		s = after
	}
}
