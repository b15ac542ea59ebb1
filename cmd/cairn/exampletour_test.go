package main

import (
	"os/exec"
	"sync"
)

// tourPython says whether python3 is one that examples/tour has wheels for.
var tourPython = sync.OnceValue(func() bool {
	return exec.Command("python3", "-c", `
import os, sys
libc = sys.platform == "darwin" or os.confstr("CS_GNU_LIBC_VERSION")
sys.exit(not (sys.implementation.name == "cpython" and (3, 11) <= sys.version_info[:2] <= (3, 14) and libc))`).Run() == nil
})
