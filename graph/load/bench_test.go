package load

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// layered is the workload of the comparison with other tools: n targets in packages of 20, each with a source and two
// dependencies in the layer below.
func layered(n int) MapFS {
	fs := MapFS{"BUILD.hcl": "workspace \"bench\" {}\n"}
	for p := 0; p < n/20; p++ {
		var b strings.Builder
		for i := 0; i < 20; i++ {
			k := p*20 + i
			deps := ""
			if k >= n/10 {
				d := k - n/10
				deps = fmt.Sprintf("\"//p%d:t%d\", \"//p%d:t%d\"", d/20, d, (d/20+1)%(n/20), (d+20)%n)
			}
			fmt.Fprintf(&b, "command \"t%d\" {\n  srcs   = [\"s%d.txt\"]\n  deps   = [%s]\n  outs   = [\"t%d.out\"]\n  script = \"md5sum $SRCS $DEPS > $OUT; echo >> /tmp/count\"\n}\n\n", k, k, deps, k)
			fs[fmt.Sprintf("p%d/s%d.txt", p, k)] = ""
		}
		fs[fmt.Sprintf("p%d/BUILD.hcl", p)] = b.String()
	}
	return fs
}

// listed is a MapFS whose folders are listed once, so that a benchmark measures Load and not MapFS.
type listed struct {
	MapFS
	dirs map[string][]Entry
}

func (l listed) ReadDir(p string) ([]Entry, error) { return l.dirs[p], nil }

func (l listed) Lstat(p string) (Stat, error) {
	if _, ok := l.dirs[p]; ok {
		return Stat{MtimeNS: 1}, nil
	}
	return l.MapFS.Lstat(p)
}

func listedFS(m MapFS) listed {
	l := listed{m, map[string][]Entry{}}
	byDir := map[string]MapFS{}
	for p, s := range m {
		d := parent(p)
		if byDir[d] == nil {
			byDir[d] = MapFS{}
		}
		byDir[d][p[len(d):]] = s
	}
	for d, part := range byDir {
		var clean MapFS = MapFS{}
		for p, s := range part {
			clean[strings.TrimPrefix(p, "/")] = s
		}
		l.dirs[d], _ = clean.ReadDir("")
	}
	for d := range byDir {
		if d != "" {
			l.dirs[""] = append(l.dirs[""], Entry{d, Folder})
		}
	}
	return l
}

// BenchmarkLoad gives the time and the retained bytes of a target, 10,000 at once.
func BenchmarkLoad(b *testing.B) {
	const n = 10000
	o := testOptions(nil)
	o.FS = listedFS(layered(n))
	for _, jobs := range []int{1, 2} {
		o.Jobs = jobs
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			b.ReportAllocs()
			var m0, m1 runtime.MemStats
			var w *Workspace
			b.StopTimer()
			for range b.N {
				w = nil
				runtime.GC()
				runtime.ReadMemStats(&m0)
				b.StartTimer()
				x, ds := Load(context.Background(), o)
				b.StopTimer()
				if len(ds) > 0 || len(x.Targets) != n {
					b.Fatal(len(x.Targets), ds)
				}
				w = x
				runtime.GC()
				runtime.ReadMemStats(&m1)
			}
			runtime.KeepAlive(w)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/target")
			b.ReportMetric(float64(m1.HeapAlloc-m0.HeapAlloc)/n, "retained-B/target")
		})
	}
}
