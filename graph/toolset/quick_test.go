package toolset

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestQuick(t *testing.T) {
	r := New(Options{Overrides: map[string]string{"python3": "/root/.pyenv/shims/python3"}})
	for _, n := range []string{"python3", "gcc", "g++", "cc", "go", "java", "node", "npm", "cargo", "rustc", "git", "perl", "ld", "pythn3", "clang"} {
		s := time.Now()
		tool, err := r.Resolve(context.Background(), n)
		fmt.Println(n, time.Since(s), err, tool.Path, tool.Identity.String()[:8], len(tool.Files), tool.Roots, tool.Programs)
		if err == nil && n == "gcc" {
			fmt.Println(tool.Files)
		}
		if e, ok := err.(*NotFoundError); ok {
			fmt.Println(e.Near)
		}
	}
	s := time.Now()
	tool, err := r.Posix(context.Background())
	fmt.Println("posix", time.Since(s), err, tool.Identity, len(tool.Files), len(tool.Programs), tool.Roots)
	fmt.Println(tool.Files)
}
