// Package box is the inside of a worker: the process that runs one command after the other for cairn, in a sandbox that it
// makes of itself or without one, and the messages between the two.
//
// A worker is cairn's own binary, started a second time under another name. It takes over while the program's packages are
// still being initialised, see start_linux.go; so this package imports little, and a program that imports it has workers.
package box

import "os"

// Name is the argv[0] that makes a binary a worker.
const Name = "cairn-worker"

// UID is the number of the one user and group in a sandbox.
const UID = 1000

// Where a command in the sandbox finds things. The names are the same on every machine, for paths get into outputs.
const (
	Work    = "/build/work" // the action's tree
	Home    = "/build/home"
	Bin     = "/cairn/bin" // the one folder on PATH
	Scratch = "/cairn/scratch"
	Tmp     = "/tmp"
)

// Modes of what a command sees of its slot; the slot's own folder is for cairn's user alone.
const (
	AreaMode os.FileMode = 0o755
	TmpMode              = 0o777 | os.ModeSticky
)

// MaxOutput bounds what a command can say on each of its standard streams, but for Request.Stdout.
const MaxOutput = 256 << 20
