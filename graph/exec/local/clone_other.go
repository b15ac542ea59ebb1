//go:build !linux

package local

import "os"

// clone makes dst share src's blocks, false where the file system cannot. APFS clones whole files by name only, which
// would not keep the mode; io.Copy does instead.
func clone(dst, src *os.File) bool { return false }
