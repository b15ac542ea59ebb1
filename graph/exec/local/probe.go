package local

import (
	"os"

	"github.com/cairn-build/cairn/graph/exec"
)

// Check is one thing that this machine can or cannot do.
type Check struct {
	Name   string
	OK     bool
	Detail string // why not, or what was found
}

// Capabilities says what this machine offers to a runner.
type Capabilities struct {
	Best   exec.Isolation // what mode Auto takes
	Why    string         // why that is not Namespaces
	Stage  string         // where trees of actions lie
	Checks []Check
}

// Probe tries everything that a runner may need, starting a few processes. dirs are folders whose file systems are asked for
// clones (reflinks): the cache, the workspace.
func Probe(dirs ...string) Capabilities {
	var c Capabilities
	r, err := New(Options{Mode: Auto, Slots: 1})
	if err == nil {
		c.Best, c.Why = r.Isolation(), r.Why()
		_ = r.Close()
	}
	c.Checks = append(c.Checks, Check{"sandbox", c.Best == exec.Namespaces, c.Why})
	c.Checks = append(c.Checks, namespaceChecks()...)
	if c.Stage = memoryStage(); c.Stage != "" {
		c.Checks = append(c.Checks, Check{"memory for actions", true, c.Stage})
	} else {
		c.Stage = os.TempDir()
		c.Checks = append(c.Checks, Check{"memory for actions", false, "/dev/shm is no tmpfs that files can be executed in, or has less than 512 MB of room; actions work in " + c.Stage})
	}
	for _, d := range dirs {
		c.Checks = append(c.Checks, cloneCheck(d))
	}
	return c
}

func cloneCheck(dir string) Check {
	c := Check{Name: "clones in " + dir}
	var fs [2]*os.File
	for i := range fs {
		f, err := os.CreateTemp(dir, ".cairn-probe-")
		if err != nil {
			c.Detail = err.Error()
			return c
		}
		defer os.Remove(f.Name())
		defer f.Close()
		fs[i] = f
	}
	if _, err := fs[0].WriteString("cairn"); err != nil {
		c.Detail = err.Error()
		return c
	}
	if c.OK = clone(fs[1], fs[0]); !c.OK {
		c.Detail = "the file system has none, or cairn does not know how"
	}
	return c
}
