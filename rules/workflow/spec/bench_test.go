package spec

import (
	"fmt"
	"strings"
	"testing"
)

// large writes a spec of n instances, some in groups, that are as those of real workflows.
func large(n int, prefix string) []byte {
	var b strings.Builder
	b.WriteString("id: large\nrequirements:\n  - name: tasks\n    version: \">=0.1,<1\"\n    channel: https://repo.prefix.dev/ecoscope-workflows/\nworkflow:\n")
	for i := range n {
		in := "  "
		if i%10 >= 5 {
			if i%10 == 5 {
				fmt.Fprintf(&b, "  - title: Group %d\n    type: task-group\n    description: Some of them\n    tasks:\n", i)
			}
			in = "      "
		}
		fmt.Fprintf(&b, "%s# what it is for\n%s- name: Draw map %d of each group\n%s  id: t%d\n%s  task: draw_map\n%s  partial:\n%s    title: \"Map %d\"\n%s    opacity: 0.5\n", in, in, i, in, i, in, in, in, i, in)
		fmt.Fprintf(&b, "%s    layers: [{name: TERRAIN}, {name: SATELLITE, opacity: 0.5}]\n", in)
		if i > 0 {
			fmt.Fprintf(&b, "%s  map:\n%s    argnames: [view, data]\n%s    argvalues: ${{ workflow.%st%d.return }}\n", in, in, in, prefix, i-1)
		}
	}
	return []byte(b.String())
}

// TestLarge reads 10,000 sound instances, and 2,000 that all depend on what there is not.
func TestLarge(t *testing.T) {
	s, ds := Parse("spec.yaml", large(10000, ""))
	if len(ds) > 0 || len(s.Instances()) != 10000 {
		t.Fatalf("%d instances, %v", len(s.Instances()), ds)
	}
	_, ds = Parse("spec.yaml", large(2000, "x"))
	size := 0
	for _, d := range ds {
		size += len(d.Error()) + len(d.Hint)
	}
	if len(ds) != 1999 || size > 1<<20 {
		t.Errorf("%d problems of %d bytes", len(ds), size)
	}
}

func TestTooLarge(t *testing.T) {
	s, ds := Parse("spec.yaml", []byte("id: a\nrequirements: []\nworkflow:\n"+strings.Repeat("- x\n", maxItems+1)))
	if len(ds) != 1 || ds[0].Code != "too-large" || ds[0].Range.Start.Line != 3 || len(s.Items) > 0 {
		t.Errorf("%d items, %v", len(s.Items), ds)
	}
}

func benchmark(b *testing.B, n int) {
	src := large(n, "")
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := Parse("spec.yaml", src); len(ds) > 0 {
			b.Fatal(ds)
		}
	}
}

func BenchmarkParse50(b *testing.B)    { benchmark(b, 50) }
func BenchmarkParse10000(b *testing.B) { benchmark(b, 10000) }

func BenchmarkCanonical50(b *testing.B) {
	s, _ := Parse("spec.yaml", large(50, ""))
	for b.Loop() {
		s.Canonical()
	}
}
