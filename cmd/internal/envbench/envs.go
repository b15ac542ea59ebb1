package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// hello is what an environment's Python is started with.
const hello = "print('" + firstLine + "', flush=True)"

func (b *bench) startEnv(ws, cache string) step {
	return step{ws, b.cairnEnv(cache), []string{b.Cairn, "run", "//:env", "--events", "events", "--", "-c", hello}}
}

// uvSync gives uv's steps for a set of groups, and what makes room for them.
func (b *bench) uvSync(name string, more ...string) *entry {
	dir := b.Path("uv-project")
	return &entry{name: name,
		prepare: func(int) error { return figures.RemoveAll(filepath.Join(dir, ".venv")) },
		steps: func(turn int) []step {
			argv := append([]string{b.uv, "sync", "-q", "--frozen", "--no-install-project"}, more...)
			for _, g := range groups(turn % variants) {
				argv = append(argv, "--group", g)
			}
			return []step{{dir, b.uvEnv(), argv}, {dir, nil, []string{filepath.Join(dir, ".venv/bin/python"), "-c", hello}}}
		}}
}

// newEnv is an environment that nobody has asked for, of wheels that everybody has.
func (b *bench) newEnv() error {
	ws, err := b.envWorkspace(variants - 1)
	if err != nil {
		return err
	}
	mine := &entry{name: "cairn, bytecode from its cache",
		prepare: func(int) error {
			set, err := b.unasked()
			if err != nil {
				return err
			}
			return b.askFor(ws, set)
		},
		steps: func(int) []step { return []step{b.startEnv(ws, b.Path("cache"))} },
		after: func(*sample) error { return b.made(ws, 1) }}
	theirs := b.uvSync("uv sync --frozen, without bytecode")
	compiled := b.uvSync("uv sync --frozen --compile-bytecode", "--compile-bytecode")
	compiled.turns = b.slow
	if err := take(b.turns, theirs, mine, compiled); err != nil {
		return err
	}
	b.table("a new environment, warm cache", theirs, mine, compiled)
	b.Gate("new-environment", mine.least(), scale(theirs.least(), 1.3), "1.3 x uv's")
	b.Gate("new-environment-bytecode", mine.least(), scale(compiled.least(), 1.1), "1.1 x uv's that compiles, too")
	return nil
}

// made fails unless a workspace's last run put n environments together.
func (b *bench) made(ws string, n int) error {
	ran, err := started(filepath.Join(ws, "events"))
	if _, made := ran["Env"]; err == nil && made != (n == 1) {
		err = fmt.Errorf("environments to be made: %d; what ran: %v", n, ran)
	}
	return err
}

// again is the same environment once more: in the workspace that has it, and in one that has never been built.
func (b *bench) again() error {
	ws, err := b.envWorkspace(variants - 1)
	if err != nil {
		return err
	}
	if err := sh(ws, b.cairnEnv(b.Path("cache")), b.Cairn, "build"); err != nil {
		return err
	}
	same := &entry{name: "cairn, same workspace",
		steps: func(int) []step { return []step{b.startEnv(ws, b.Path("cache"))} },
		after: func(*sample) error { return b.made(ws, 0) }}
	var other string
	fresh := &entry{name: "cairn, a workspace that is new",
		prepare: func(int) (err error) { other, err = b.envWorkspace(variants - 1); return err },
		steps:   func(int) []step { return []step{b.startEnv(other, b.Path("cache"))} },
		after:   func(*sample) error { return b.made(other, 0) }}
	theirs := b.uvSync("uv sync --frozen, nothing to do")
	clear := theirs.prepare
	theirs.prepare = func(turn int) error {
		if turn > 0 {
			return nil
		}
		if err := clear(turn); err != nil {
			return err
		}
		_, err := measure(theirs.steps(0)...)
		return err
	}
	steps := theirs.steps
	theirs.steps = func(int) []step { return steps(0) }
	bare := &entry{name: "python alone", steps: func(int) []step { return []step{{b.Dir, nil, []string{b.python, "-I", "-c", hello}}} }}
	if err := take(b.turns, same, fresh, theirs, bare); err != nil {
		return err
	}
	b.table("the same environment again", same, fresh, theirs, bare)
	b.Gate("again", same.least()-bare.least(), 50*time.Millisecond, "50 ms beyond Python alone")
	b.Gate("again-new-workspace", fresh.least()-bare.least(), 50*time.Millisecond, "50 ms beyond Python alone")
	return nil
}

// eight is eight requests at once for one environment that nobody has.
func (b *bench) eight() error {
	const n = 8
	var wss []string
	for range n {
		ws, err := b.envWorkspace(variants - 1)
		if err != nil {
			return err
		}
		wss = append(wss, ws)
	}
	all := &entry{name: "cairn, the last of 8 is ready"}
	apart := &entry{name: "from the first one's line to the last's"}
	for range b.turns {
		set, err := b.unasked()
		if err != nil {
			return err
		}
		type answer struct {
			at  time.Time
			cpu time.Duration
			err error
		}
		got := make(chan answer, n)
		for _, ws := range wss {
			if err := b.askFor(ws, set); err != nil {
				return err
			}
		}
		start := time.Now()
		for _, ws := range wss {
			go func() {
				at, cpu, err := b.startEnv(ws, b.Path("cache")).run(true)
				got <- answer{at, cpu, err}
			}()
		}
		var ats []time.Time
		var cpu time.Duration
		for range n {
			a := <-got
			if a.err != nil {
				err = a.err
			}
			ats = append(ats, a.at)
			cpu += a.cpu
		}
		if err != nil {
			return err
		}
		made := 0
		for _, ws := range wss {
			ran, err := started(filepath.Join(ws, "events"))
			if err != nil {
				return err
			}
			if _, ok := ran["Env"]; ok {
				made++
			}
		}
		if made != 1 {
			return fmt.Errorf("%d of %d put the environment together", made, n)
		}
		slices.SortFunc(ats, time.Time.Compare)
		all.got = append(all.got, sample{ats[n-1].Sub(start), cpu})
		apart.got = append(apart.got, sample{ats[n-1].Sub(ats[0]), 0})
	}
	b.table("8 requests for one new environment", all, apart)
	b.Gate("eight", apart.least(), 100*time.Millisecond, "100 ms apart")
	return nil
}
