package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"golang.org/x/sys/unix"
)

// benchTargets is how many targets benchmarks have; STATE_BENCH_TARGETS overrides it.
func benchTargets(b *testing.B) int {
	s := os.Getenv("STATE_BENCH_TARGETS")
	if s == "" {
		return 10_000
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// layered is the gates' workload: n targets in n/20 packages and 10 layers; a target reads its own source and two outputs of
// the layer below.
func layered(b testing.TB, n int) *Graph {
	bl := NewBuilder(testSettings)
	perLayer := max(n/10, 1)
	outs := make([]ArtifactID, n)
	tgts := make([]TargetID, n)
	for i := range n {
		pkg := fmt.Sprintf("l%d/p%05d", i/perLayer, i/20)
		name := fmt.Sprintf("t%06d", i)
		outs[i] = bl.Artifact(rule.Artifact{Path: "cairn-out/" + pkg + "/" + name + "/out.txt", Kind: rule.OutputFile})
		in := []ArtifactID{bl.Source(pkg + "/" + name + ".txt")}
		var deps []TargetID
		if below := i - perLayer; below >= 0 {
			other := below - below%perLayer + (below*7+1)%perLayer
			in = append(in, outs[below], outs[other])
			deps = []TargetID{tgts[below], tgts[other]}
		}
		tgts[i] = bl.Target(TargetRow{
			Label: label.Label{Pkg: pkg, Name: name}, Kind: "command", File: pkg + "/BUILD.hcl", Line: i%20*5 + 1, Platform: "linux-x86_64",
			Default: []ArtifactID{outs[i]}, Deps: deps,
		})
		// About what an encoded command of a short script takes.
		bl.Action(ActionRow{Target: tgts[i], Spec: []byte("\x01Command\x00cat $SRCS $DEPS > $OUT # " + name), Inputs: in, Outputs: outs[i : i+1], Tools: []string{"posix"}})
		if i%20 == 0 {
			bl.Read(ReadRow{Kind: ReadFile, Path: pkg + "/BUILD.hcl"})
			bl.Read(ReadRow{Kind: ReadDir, Path: pkg})
		}
	}
	g, err := bl.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// lived makes facts for all of g: of files below root or, without one, made up.
func lived(b testing.TB, g *Graph, root string) {
	look := func(p string) Stat {
		if root == "" {
			return Stat{Size: 100, MtimeNS: int64(len(p)), CtimeNS: 1, Ino: uint64(len(p)), Mode: 0o100644}
		}
		st, err := StatSource(filepath.Join(root, p))
		if err != nil || st.Missing() {
			b.Fatal(p, err)
		}
		return st
	}
	for i := range g.NumArtifacts() {
		a := ArtifactID(i)
		st := look(g.Path(a))
		if g.IsSource(a) {
			g.SetSource(a, SourceFact{Stat: st, Digest: digest.Digest{Hash: digest.Of([]byte(g.Path(a))).Hash, Size: st.Size}})
		} else {
			g.SetPlaced(a, Placed{Stat: st})
		}
	}
	for i := range g.NumReads() {
		g.SetRead(ReadID(i), look(g.Read(ReadID(i)).Path), false)
	}
	g.SetTool(0, ToolFact{Identity: testSettings, Files: []Entry{{"/bin/sh", mustSource("/bin/sh")}}})
	for i := range g.NumActions() {
		a := ActionID(i)
		d := digest.Of([]byte(g.Path(g.Outputs(a)[0])))
		g.SetAction(a, ActionState{Done: true, Key: d.Hash, Mark: g.Mark(a), Outputs: []OutputFact{{Digest: d}}, Duration: time.Millisecond})
	}
	if n := len(g.Pending(Wanted{})); n != 0 {
		b.Fatal(n, "actions are not done")
	}
}

func mustSource(p string) Stat { st, _ := StatSource(p); return st }

// populate makes the files.
func populate(b testing.TB, g *Graph, root string) {
	last := ""
	for i := range g.NumArtifacts() {
		p := filepath.Join(root, g.Path(ArtifactID(i)))
		if d := filepath.Dir(p); d != last {
			last = d
			if err := os.MkdirAll(d, 0o777); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(p, []byte("content"), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for i := range g.NumReads() {
		if r := g.Read(ReadID(i)); r.Kind == ReadFile {
			os.WriteFile(filepath.Join(root, r.Path), nil, 0o666)
		}
	}
}

// BenchmarkScan compares, in one run, opening a snapshot and scanning with a loop that does nothing but the same fstatat
// calls in two goroutines.
func BenchmarkScan(b *testing.B) {
	n := benchTargets(b)
	root := b.TempDir()
	g := layered(b, n)
	populate(b, g, root)
	lived(b, g, root)
	path := PathIn(root, testSettings)
	if err := g.Save(path); err != nil {
		b.Fatal(err)
	}
	info, _ := os.Stat(path)
	folders, files := bareWork(g)
	scan := func(b *testing.B) {
		o, err := Open(path, testSettings)
		if err != nil {
			b.Fatal(err)
		}
		c, err := o.Scan(context.Background(), ScanOptions{Root: root, Wanted: o.Everything(false), Jobs: 2})
		if err != nil || !c.None() || c.Looked != files+1 || len(o.Pending(o.Everything(false))) > 0 || len(o.Unplaced(nil)) > 0 {
			b.Fatal(err, c.Looked, files)
		}
		o.Close()
	}
	// Taken in turns, so that noise hits both; minima count.
	var bare, open, both []time.Duration
	for range 15 {
		t := time.Now()
		bareLoop(b, root, folders)
		bare = append(bare, time.Since(t))
		t = time.Now()
		scan(b)
		both = append(both, time.Since(t))
		t = time.Now()
		o, err := Open(path, testSettings)
		open = append(open, time.Since(t))
		if err != nil {
			b.Fatal(err)
		}
		o.Close()
	}
	ms := func(d []time.Duration) float64 { return float64(minOf(d).Microseconds()) / 1000 }
	b.Logf("%d targets, %d files, snapshot %.1f MB: bare loop %.1f ms, open %.1f ms, open and scan %.1f ms: %.2fx",
		n, files, float64(info.Size())/1e6, ms(bare), ms(open), ms(both), ms(both)/ms(bare))
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			bareLoop(b, root, folders)
		}
	})
	b.Run("open+scan", func(b *testing.B) {
		for b.Loop() {
			scan(b)
		}
	})
}

func minOf(d []time.Duration) time.Duration {
	m := d[0]
	for _, x := range d {
		m = min(m, x)
	}
	return m
}

// folder is what the bare loop opens, and the NUL-terminated names in it.
type folder struct {
	path  string
	names [][]byte
}

func bareWork(g *Graph) (fs []folder, files int) {
	at := map[string]int{}
	add := func(p string) {
		files++
		dir := filepath.Dir(p)
		if strings.HasPrefix(p, "cairn-out/") { // one file in each folder there: looked at from the one above
			dir = filepath.Dir(dir)
		}
		i, ok := at[dir]
		if !ok {
			i = len(fs)
			at[dir] = i
			fs = append(fs, folder{path: dir})
		}
		fs[i].names = append(fs[i].names, append([]byte(strings.TrimPrefix(strings.TrimPrefix(p, dir), "/")), 0))
	}
	for i := range g.NumArtifacts() {
		add(g.Path(ArtifactID(i)))
	}
	for i := range g.NumReads() {
		add(g.Read(ReadID(i)).Path)
	}
	return fs, files
}

func bareLoop(b *testing.B, root string, fs []folder) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			rootFD, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY, 0)
			if err != nil {
				b.Error(err)
				return
			}
			defer unix.Close(rootFD)
			st := new(unix.Stat_t)
			for {
				hi := int(next.Add(16))
				if hi-16 >= len(fs) {
					return
				}
				for _, f := range fs[hi-16 : min(hi, len(fs))] {
					fd, err := unix.Openat(rootFD, f.path, unix.O_PATH|unix.O_DIRECTORY, 0)
					if err != nil {
						b.Error(err)
						return
					}
					for _, n := range f.names {
						if !fstatat(fd, &n[0], st, unix.AT_SYMLINK_NOFOLLOW) {
							b.Error("missing ", f.path, string(n))
						}
					}
					unix.Close(fd)
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkOpen opens a snapshot of 100,000 targets with all facts known.
func BenchmarkOpen(b *testing.B) {
	g := layered(b, 100_000)
	lived(b, g, "")
	path := filepath.Join(b.TempDir(), "x.graph")
	start := time.Now()
	if err := g.Save(path); err != nil {
		b.Fatal(err)
	}
	saved := time.Since(start)
	info, _ := os.Stat(path)
	for i, s := range g.current() {
		if len(s) > 1e5 {
			b.Logf("section %2d: %6.2f MB", i, float64(len(s))/1e6)
		}
	}
	b.Logf("%.1f MB, saved in %v", float64(info.Size())/1e6, saved)
	for b.Loop() {
		o, err := Open(path, testSettings)
		if err != nil {
			b.Fatal(err)
		}
		o.Close()
	}
}

// BenchmarkFlush appends what one edit comes to.
func BenchmarkFlush(b *testing.B) {
	g := layered(b, 10_000)
	lived(b, g, "")
	path := filepath.Join(b.TempDir(), "x.graph")
	if err := g.Save(path); err != nil {
		b.Fatal(err)
	}
	src := ArtifactID(0)
	act := g.Consumers(src)[0]
	f, _ := g.SourceFact(src)
	i := byte(0)
	for b.Loop() {
		i++
		f.Digest.Hash[0] = i
		g.SetSource(src, f)
		out := g.Outputs(act)[0]
		g.SetAction(act, ActionState{Done: true, Mark: g.Mark(act), Outputs: []OutputFact{{Digest: f.Digest}}})
		g.SetPlaced(out, Placed{Stat: f.Stat})
		if err := g.Flush(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(g.journal.end-journalHead)/float64(b.N), "B/edit")
}
