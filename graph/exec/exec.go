// Package exec says what it is to run one command. It knows neither targets nor keys nor caches: a Spawn names the files
// on this machine that stand for each input, and an Outcome names those that the command left. Runners live below it.
package exec

import (
	"context"
	"fmt"
	"time"

	"github.com/cairn-build/cairn/graph/toolset"
)

// Input is one file or tree that a command may read.
type Input struct {
	Path string // in the action's tree, slash-separated, relative
	From string // absolute path on this machine of a file or folder that must not be changed; "" where Data is set
	Data []byte // the file's content where From is ""
	Exec bool   // a plain file's executable bit
	Tree bool   // From is a folder
	Size int64  // of a plain file, so that a runner can choose how to stage it
}

// Output is one file or tree that a command must write.
type Output struct {
	Path string
	Tree bool
}

// Scratch is a folder of this machine that the command may use as it likes.
type Scratch struct {
	Env string // the variable that gets the path
	Dir string // absolute
}

// Spawn is one command, ready to start. Placeholders of rule.HostTool in Argv and Env are replaced by the runner.
type Spawn struct {
	Name    string // the target's label, for messages and kept folders
	Argv    []string
	Env     []string // NAME=value; the runner adds PATH, HOME, TMPDIR and what Scratch says
	Inputs  []Input
	Outputs []Output
	Stdout  string // path of the output that takes standard output
	DepFile string // read into Outcome.DepFile if it is there
	// Dirs are further folders of the action's tree that are there when the command starts. Those that outputs, Stdout and
	// DepFile lie in always are; an output tree itself is not.
	Dirs      []string
	Tools     []toolset.Tool
	Network   bool
	Timeout   time.Duration
	Scratch   []Scratch
	KeepOnErr bool // keep the action's tree when it fails
	// Said, where set, is told what the command says while it runs, in whole lines but for the last one, and all of it before
	// Run returns: by one goroutine at a time, which must not keep text. A runner that tries twice tells twice.
	Said func(stderr bool, text []byte)
}

// Outcome is what became of a Spawn that was started.
type Outcome struct {
	ExitCode int    // 128+n where signal n ended it
	Signal   string // "killed", "segmentation fault", where a signal ended it
	TimedOut bool
	Stdout   []byte // not what went to Spawn.Stdout
	Stderr   []byte
	// Outputs gives, for each of Spawn.Outputs, the absolute path of what was written, "" where nothing was. The files
	// stay until Release.
	Outputs []string
	// Refused says, for an output that is "" though something lies at its path, what that is ("a symbolic link"). It is
	// nil, or as long as Outputs.
	Refused []string
	DepFile []byte // nil where there is none
	Root    string // where the command saw the root of its tree; absolute
	Wall    time.Duration
	CPU     time.Duration
	MaxRSS  int64  // bytes
	Kept    string // the folder that was kept, with KeepOnErr
	release func()
}

// SetRelease is for runners: f frees what the outcome still holds.
func (o *Outcome) SetRelease(f func()) { o.release = f }

// Release frees the action's tree. Call it once, when the outputs have been taken.
func (o *Outcome) Release() {
	if o.release != nil {
		o.release()
		o.release = nil
	}
}

// StartError says that a command could not be started: its program is not there, or is none. Test with errors.As.
type StartError struct {
	Program string // as Argv[0] gives it
	Err     error
	Near    []string // names of the action's tools that are spelled alike
}

// Error implements error.
func (e *StartError) Error() string { return fmt.Sprintf("%s: %v", e.Program, e.Err) }

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }

// Isolation says how well a runner keeps a command from what it did not declare.
type Isolation string

const (
	Namespaces Isolation = "namespaces" // kernel namespaces: undeclared files are absent
	Directory  Isolation = "directory"  // a private folder with just the inputs; absolute paths are still seen
	InPlace    Isolation = "in place"   // the workspace itself
)

// Runner starts commands. Run is safe for concurrent use. A command that fails is an Outcome, not an error; an error means
// that it could not be started or staged (exit code 3), or that ctx was done. When Run returns, no process that the
// command started is alive.
type Runner interface {
	Run(ctx context.Context, s *Spawn) (*Outcome, error)
	Isolation() Isolation
	// Close ends the helpers and removes what they left.
	Close() error
}
