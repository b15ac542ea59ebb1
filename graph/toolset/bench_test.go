package toolset

import (
	"context"
	"testing"

	"github.com/cairn-build/cairn/cache/mem"
)

// The figures that matter are those of a tool that is remembered: each command of cairn that runs something pays them.
func BenchmarkRemembered(b *testing.B) {
	store := mem.New()
	for _, name := range []string{"sh", "gcc", "go", "python3", "posix"} {
		b.Run(name, func(b *testing.B) {
			ask := func() (Tool, error) {
				r := New(Options{Records: store})
				if name == "posix" {
					return r.Posix(context.Background())
				}
				return r.Resolve(context.Background(), name)
			}
			if _, err := ask(); err != nil {
				b.Skip(err) // not on this machine
			}
			for b.Loop() {
				if _, err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
