package workflow

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

// sources are those of all that decides what a package holds, beside what is in a compile's words and inputs.
//
//go:embed compile.go compiler.go adapter/*.go adapter/*/*.py link/*.go ojson/*.go quote/*.go registry/*.go spec/*.go yamltree/*.go
//go:embed gen/*.go gen/*/*.go gen/code/static/*.py gen/code/static/*/*.py
var sources embed.FS

// generator says which compiler this is: two that differ in a line of their sources have other compiles in their cache. A number that is
// raised by hand would be forgotten once, and the package of an older cairn be taken for that of this one.
var generator = sync.OnceValue(func() string {
	h := sha256.New()
	err := fs.WalkDir(sources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := sources.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		return err
	})
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
})
