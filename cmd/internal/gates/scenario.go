package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// bench runs scenarios and keeps what came of gates.
type bench struct {
	*settings
	*figures.Report
	salt     uint64
	prepared map[int]*contest
}

// entry is one line of a scenario: something that is measured again and again, in turn with the others.
type entry struct {
	name    string
	prepare func() error // before each time, not measured
	run     func() (sample, error)
	got     []sample
}

// turns measures all entries reps times, each once before any has its next turn.
func turns(reps int, es ...*entry) error {
	for range reps {
		for _, e := range es {
			if e.prepare != nil {
				if err := e.prepare(); err != nil {
					return err
				}
			}
			s, err := e.run()
			if err != nil {
				return err
			}
			e.got = append(e.got, s)
		}
	}
	return nil
}

func (b *bench) scenario(name string) error {
	switch name {
	case "start":
		return b.start()
	case "cold":
		return b.cold()
	case "restore":
		return b.restore()
	}
	for _, n := range b.sizes {
		if name != "noop" && n <= 1000 {
			continue
		}
		c, err := b.contest(n)
		if err != nil {
			return err
		}
		switch name {
		case "noop":
			err = b.noop(c)
		case "edit":
			err = b.editTop(c)
		case "touch":
			err = b.touch(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// contest is one size of the workload, built by all tools that there are.
type contest struct {
	n      int
	cairn  *project
	others []*project // ninja, then samurai if it is there
}

// pretendFrom is the size from which ninja's build is pretended: it would take minutes, and nothing is learned from it. Cairn
// always builds for real: what a no-op reads is then what a build has left.
const pretendFrom = 50_000

func (b *bench) contest(n int) (*contest, error) {
	if c := b.prepared[n]; c != nil {
		return c, nil
	}
	b.Note("%d targets: writing and building", n)
	c := &contest{n: n}
	ts := workload(n)
	for _, t := range b.peers() {
		p, fresh, err := b.ninjaProject(t.name, t.bin, ts, true, n >= pretendFrom)
		if err == nil && fresh && n >= pretendFrom {
			err = p.pretend(t.bin)
		}
		if err != nil {
			return nil, err
		}
		c.others = append(c.others, p)
	}
	var err error
	if c.cairn, _, err = b.cairnProject(ts, "off"); err != nil {
		return nil, err
	}
	for _, p := range append([]*project{c.cairn}, c.others...) {
		for range 2 { // the second look settles what the first one took too soon after a change
			s, err := p.build(-1)
			if err != nil {
				return nil, err
			}
			b.Note("%d targets: %s ran %d commands in %.1f s", n, p.tool, s.ran, s.wall.Seconds())
			if s.ran == 0 {
				break
			}
		}
	}
	if b.prepared == nil {
		b.prepared = map[int]*contest{}
	}
	b.prepared[n] = c
	return c, nil
}

type peer struct{ name, bin string }

func (b *bench) peers() []peer {
	ps := []peer{{"ninja", b.ninja}}
	if b.samu != "" {
		ps = append(ps, peer{"samurai", b.samu})
	}
	return ps
}

// entries gives one for each other tool and one for cairn, last.
func (c *contest) entries(want int, change func(*project) error) (es []*entry, cairn *entry) {
	for _, p := range append(c.others[:len(c.others):len(c.others)], c.cairn) {
		cairn = &entry{name: p.tool, run: func() (sample, error) { return p.build(want) }}
		if change != nil {
			cairn.prepare = func() error { return change(p) }
		}
		es = append(es, cairn)
	}
	return es, cairn
}

func (b *bench) start() error {
	tool := func(name string, argv ...string) *entry {
		return &entry{name: name, run: func() (sample, error) { return measure(b.Dir, filepath.Join(b.Dir, "start.log"), nil, argv...) }}
	}
	none, ninja, cairn := tool("/bin/true", "/bin/true"), tool("ninja --version", b.ninja, "--version"), tool("cairn version", b.Cairn, "version")
	if err := turns(4*b.reps, none, ninja, cairn); err != nil {
		return err
	}
	b.table("start", 0, none, ninja, cairn)
	b.Gate("start", least(cairn), least(none)+6*time.Millisecond, "/bin/true + 6 ms")
	return nil
}

func (b *bench) noop(c *contest) error {
	es, cairn := c.entries(0, nil)
	if err := turns(b.reps, es...); err != nil {
		return err
	}
	name := fmt.Sprintf("no-op, %d", c.n)
	b.table(name, c.n, es...)
	share := 0.5
	if c.n <= 1000 {
		share = 1
	}
	b.Gate(name, least(cairn), scale(least(es[0]), share), fmt.Sprintf("%.1f x ninja", share))
	if c.n >= 100_000 {
		b.gateMemory("memory, "+name, cairn, es[0])
	}
	return nil
}

func (b *bench) editTop(c *contest) error {
	top := c.cairn.ts[c.n-1]
	es, cairn := c.entries(1, func(p *project) error {
		b.salt++
		return p.edit(top, uint64(time.Now().UnixNano())+b.salt)
	})
	if err := turns(b.reps, es...); err != nil {
		return err
	}
	name := fmt.Sprintf("edit at the top, %d", c.n)
	b.table(name, c.n, es...)
	b.Gate(name, least(cairn), scale(least(es[0]), 0.5), "0.5 x ninja")
	return nil
}

// touch compares with cairn's own no-op: ninja believes times, and runs what depends on the file.
func (b *bench) touch(c *contest) error {
	p := c.cairn
	noop := &entry{name: "cairn, no-op", run: func() (sample, error) { return p.build(0) }}
	touch := &entry{name: "cairn, touched", run: noop.run, prepare: func() error {
		now := time.Now()
		return os.Chtimes(filepath.Join(p.dir, p.ts[0].source()), now, now)
	}}
	if _, err := p.build(0); err != nil {
		return err
	}
	if err := turns(b.reps, touch, noop); err != nil {
		return err
	}
	name := fmt.Sprintf("touch, %d", c.n)
	b.table(name, c.n, noop, touch)
	b.Gate(name, least(touch), 2*least(noop), "2 x no-op")
	return nil
}

// coldSize is how many targets are built from nothing.
const coldSize = 1000

func (b *bench) cold() error {
	ts := workload(coldSize)
	var es []*entry
	add := func(name string, p *project) *entry {
		want := len(ts)
		e := &entry{name: name, prepare: p.wipe, run: func() (sample, error) { return p.build(want) }}
		es = append(es, e)
		return e
	}
	for _, counted := range []bool{true, false} {
		for _, t := range b.peers() {
			p, _, err := b.ninjaProject(t.name, t.bin, ts, counted, false)
			if err != nil {
				return err
			}
			name := t.name
			if !counted {
				name += ", not counted"
			}
			add(name, p)
		}
		sandbox := "off"
		if !counted {
			sandbox = "require"
		}
		p, _, err := b.cairnProject(ts, sandbox)
		if err != nil {
			return err
		}
		add("cairn, sandbox "+sandbox, p)
	}
	if err := turns(b.coldReps, es...); err != nil {
		return err
	}
	b.table("cold, 1000", coldSize, es...)
	half := len(es) / 2
	b.Gate("cold, sandbox off", least(es[half-1]), scale(least(es[0]), 1.3), "1.3 x ninja")
	// Commands in a sandbox cannot be counted; neither are ninja's that they are compared with.
	b.Gate("cold, sandbox on", least(es[len(es)-1]), scale(least(es[half]), 1.8), "1.8 x ninja")
	return nil
}

// restore deletes outputs and lets cairn put them back, next to a plain loop that makes the same files in the same places.
func (b *bench) restore() error {
	p, _, err := b.cairnProject(workload(coldSize), "off")
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := p.build(-1); err != nil {
			return err
		}
	}
	made, err := outputs(p)
	if err != nil {
		return err
	}
	out := filepath.Join(p.dir, "cairn-out")
	tool := func(name string, argv ...string) *entry {
		return &entry{name: name, run: func() (sample, error) { return measure(p.dir, p.dir+".log", p.env, argv...) }}
	}
	removed := func() error { return removeOutputs(out) }
	cairn := func(name string, prepare func() error) *entry {
		return &entry{name: name, prepare: prepare, run: func() (sample, error) { return p.build(0) }}
	}
	loop := &entry{name: "plain loop", prepare: removed, run: func() (sample, error) { return plainLoop(made) }}
	noop := cairn("cairn, no-op", nil)
	check := tool("cairn check (HCL)", b.Cairn, "check")
	kept := cairn("cairn, .state kept", removed)
	without := cairn("cairn, no .state", func() error { return os.RemoveAll(out) })
	if err := turns(b.coldReps, loop, kept, noop, check, without); err != nil {
		return err
	}
	b.table("outputs deleted, 1000", coldSize, loop, noop, check, kept, without)
	allowed := least(noop) + scale(least(loop), 1.3)
	b.Gate("outputs deleted", least(kept), allowed, "no-op + 1.3 x loop")
	b.Gate("outputs deleted, no .state", least(without), allowed+least(check), "no-op + 1.3 x loop + check")
	return nil
}

// removeOutputs removes all in cairn-out but .state.
func removeOutputs(out string) error {
	es, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	for _, e := range es {
		if e.Name() == ".state" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(out, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

type file struct {
	path string
	b    []byte
}

// outputs reads what a build has put into cairn-out.
func outputs(p *project) ([]file, error) {
	var fs []file
	for _, t := range p.ts {
		path := filepath.Join(p.dir, "cairn-out", t.pkg, t.name, t.name+".out")
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		fs = append(fs, file{path, b})
	}
	return fs, nil
}

// plainLoop makes files one after the other, and the folders that they lie in.
func plainLoop(fs []file) (sample, error) {
	start := time.Now()
	for _, f := range fs {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return sample{}, err
		}
		if err := os.WriteFile(f.path, f.b, 0o644); err != nil {
			return sample{}, err
		}
	}
	return sample{wall: time.Since(start)}, nil
}
