package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/watch"
)

func watchCommand(a *app) *cobra.Command {
	var poll bool
	c := prints(&cobra.Command{
		Use:   "watch [build|test|run] [PATTERN...] [-- ARG...]",
		Short: "Builds, tests or runs again on each edit that matters, and only then.",
		Long: "Builds targets, or runs tests or a program, and does so again when something changes that they depend on. A file that was\n" +
			"touched, an output, a file that no target names: none of these does anything. A round that runs is given up only when a\n" +
			"change makes its work worthless. `watch run` starts the program anew only when what it stands on has changed: it gets a\n" +
			"SIGTERM, and a SIGKILL five seconds later. Errors in a BUILD.hcl are shown, and watching goes on. ^C ends it.\n" +
			"Where the file system tells nothing (a limit, a network), the workspace is looked at every second.",
		Example: "  cairn watch\n  cairn watch test //net/...\n  cairn watch run //:server -- --port 8080",
		ValidArgsFunction: func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			labels, d := labelsFor(a, c, begun)
			if len(args) == 0 {
				labels = append(slices.Clone(watched), labels...)
			}
			return labels, d
		},
		RunE: func(c *cobra.Command, args []string) error {
			x := &watching{running: map[int]bool{}, poll: poll, killed: make(chan struct{})}
			a.kills.add(sync.OnceFunc(func() { close(x.killed) }))
			s, err := a.openTapped(x.hear)
			if err != nil {
				return err
			}
			x.session = s
			err = x.parse(args, c.ArgsLenAtDash())
			if err == nil {
				err = x.loop(c.Context())
			}
			x.last = nil // each round has written its own
			return s.close(err)
		},
	})
	c.Flags().BoolVar(&poll, "poll", false, "look every second instead of asking the system for events")
	return c
}

// watching is one `cairn watch`.
type watching struct {
	*session
	what   build.Request
	target string // of run
	args   []string
	poll   bool

	w         *watch.Watcher
	round     *build.Round // the last one whose look succeeded
	built     bool         // there was a round that built
	owed      bool         // the last one was given up, or could not begin
	blameless bool         // the last one failed, and the sources were not to blame
	announced bool         // that it watches
	said      string       // the problems that were shown last
	extra     []string     // sources that only the program reads
	prog      *supervised
	killed    chan struct{} // closed at the second ^C
	loops     watch.Loops

	mu      sync.Mutex
	running map[int]bool
	spans   []watch.Span
}

// watched is what watch can do again and again.
var watched = []string{"build", "test", "run"}

// isPackage says whether a word that stands alone is a package's name.
func (x *watching) isPackage(name string) bool {
	_, err := os.Stat(filepath.Join(x.root, filepath.FromSlash(x.pkg), name, load.BuildFile))
	return err == nil
}

// parse reads the command line.
func (x *watching) parse(args []string, dash int) error {
	var after []string
	if dash >= 0 {
		args, after = args[:dash], args[dash:]
	}
	verb := "build"
	if len(args) > 0 && slices.Contains(watched, args[0]) {
		verb, args = args[0], args[1:]
	}
	if verb != "run" && len(after) > 0 {
		return usagef("only watch run passes arguments on after --")
	}
	if verb == "run" {
		if len(args) != 1 {
			return usagef("watch run takes one target; arguments for the program come after --")
		}
		l, err := x.session.target(args[0])
		if err != nil {
			return err
		}
		x.target, x.args = l.String(), after
		x.what.Patterns = []label.Pattern{{Target: l}}
		return nil
	}
	if len(args) > 0 && !strings.ContainsAny(args[0], "/:.-\x00") {
		if near := diag.DidYouMean(args[0], watched); near != "" && !x.isPackage(args[0]) {
			return &usageError{fmt.Sprintf("watch does nothing that is called %q", args[0]), near}
		}
	}
	var err error
	x.what.Patterns, err = x.patterns(args)
	x.what.Tests = verb == "test"
	return err
}

// patience is how many rounds in a row prove that a command, or a program, starts them by what it writes itself.
const (
	patience        = 3
	programPatience = 5
	programStart    = 500 * time.Millisecond // what a program writes later than that may well be an answer to an edit
)

// hear notes what runs, and what had the chance to write into the workspace. It is called from several goroutines.
func (x *watching) hear(e build.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case e.Start != nil:
		x.running[e.Start.ID] = true
	case e.Finish != nil:
		f := e.Finish
		delete(x.running, f.ID)
		if (f.Status == build.Ran || f.Status == build.Failed) && f.Isolation != exec.Namespaces && !f.StartedAt.IsZero() {
			x.spans = append(x.spans, watch.Span{Writer: strings.Clone(f.Label), From: f.StartedAt, To: e.Time, Patience: patience})
		}
	}
}

func (x *watching) runningIDs() []int {
	x.mu.Lock()
	defer x.mu.Unlock()
	var ids []int
	for id := range x.running {
		ids = append(ids, id)
	}
	return ids
}

// loop does round after round until ctx ends or somebody keeps starting them.
func (x *watching) loop(ctx context.Context) error {
	o := watch.Options{Open: watch.System, Notice: func(text string) { x.ui.Say("%s", text) }}
	if x.poll {
		o.Open = nil
	}
	if kind := watch.Remote(x.root); kind != "" && !x.poll {
		o.Verify = 2 * time.Second
		x.ui.Say("the workspace is on %s, where other machines write without an event here; looking every %s as well", kind, o.Verify)
	}
	x.w = watch.New(o)
	defer x.w.Close()
	defer func() { x.prog.stop() }()
	batch := watch.Batch{Whole: true}
	for {
		rest, err := x.turn(ctx, batch)
		if err != nil {
			return err
		}
		if batch = rest; batch.Whole || len(batch.Paths) > 0 {
			continue
		}
		if batch, err = x.w.Next(ctx); err != nil {
			return err
		}
	}
}

// turn looks, and does a round if there is a reason to. What came meanwhile and was not acted upon is given back.
func (x *watching) turn(ctx context.Context, batch watch.Batch) (rest watch.Batch, err error) {
	round, err := x.engine.Look(ctx, x.what)
	if ctx.Err() != nil {
		return batch, ctx.Err()
	}
	if err != nil {
		return watch.Batch{Whole: x.watchReads()}, x.problem(err)
	}
	mended := x.said != ""
	x.round, x.said = round, ""
	added := x.watchRound()
	fine := round.Pending == 0
	switch {
	case x.isDue(batch):
		if x.built {
			if err := x.checkLoop(round.Changed); err != nil {
				return batch, err
			}
			x.ui.Say("%s", reasonOf(round.Changed))
		}
		if rest, fine, err = x.build(ctx); err != nil {
			return rest, err
		}
	case mended:
		x.ui.Say("mended: up to date")
	case len(round.Changed) > 0 && !onlyFolders(round.Changed):
		x.ui.Say("%s: up to date", reasonOf(round.Changed))
	}
	if fine && x.target != "" {
		if err := x.startProgram(ctx); err != nil {
			return rest, err
		}
	}
	x.announce()
	rest.Whole = rest.Whole || added // something may have happened in new folders before they were watched
	return rest, nil
}

// isDue says whether there is a reason to build.
func (x *watching) isDue(batch watch.Batch) bool {
	if !x.built {
		return true
	}
	return x.round.Pending > 0 && (len(x.round.Changed) > 0 || x.owed || x.blameless && len(batch.Paths) > 0)
}

// problem shows what keeps a round from starting, once; it ends the watching only where there is nothing to watch.
func (x *watching) problem(err error) error {
	var list diag.List
	wrong := errors.As(err, &list) && slices.ContainsFunc(list, func(d diag.Diag) bool { return d.Code == "no-match" })
	if len(x.engine.Reads()) == 0 || wrong && x.round == nil && !x.announced {
		return err
	}
	if text := fmt.Sprint(err); text != x.said {
		x.ui.Restart()
		x.report(err)
		x.said = text
	}
	x.owed = true
	x.announce()
	return nil
}

// announce says once that from now on edits count.
func (x *watching) announce() {
	switch {
	case x.announced:
	case x.w.Polls():
		x.ui.Say("watching, with a look every second; ^C ends")
	case x.w.Folders() == 1:
		x.ui.Say("watching a folder; ^C ends")
	default:
		x.ui.Say("watching %d folders; ^C ends", x.w.Folders())
	}
	x.announced = true
}

// watchRound makes what the round stands on what is watched.
func (x *watching) watchRound() (added bool) {
	set := watch.Of(x.root, x.round.Graph(), x.round.Wanted())
	for _, f := range x.extra {
		set.File(f)
	}
	return x.w.Watch(set)
}

// watchReads watches what may mend a workspace that cannot be evaluated, besides what the last good round stood on.
func (x *watching) watchReads() (added bool) {
	set := watch.NewSet(x.root)
	if x.round != nil {
		set = watch.Of(x.root, x.round.Graph(), x.round.Wanted())
	}
	set.Reads(x.engine.Reads())
	return x.w.Watch(set)
}

// build does the round and listens meanwhile: a change that makes its work worthless ends it. fine says that all went well.
func (x *watching) build(ctx context.Context) (rest watch.Batch, fine bool, err error) {
	x.mu.Lock()
	clear(x.running)
	x.spans = nil
	x.mu.Unlock()
	x.ui.Restart()
	working, stop := context.WithCancel(ctx)
	defer stop()
	listening, deaf := context.WithCancel(ctx)
	defer deaf()
	var sum *build.Summary
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer deaf()
		sum, err = x.round.Build(working)
	}()
	voided := ""
	for {
		b, err := x.w.Next(listening)
		if err != nil {
			break
		}
		rest.Whole = rest.Whole || b.Whole
		rest.Paths = append(rest.Paths, b.Paths...)
		if p, yes := x.round.Voids(x.relative(b.Paths), x.runningIDs()); yes && voided == "" {
			voided = p
			stop()
		}
	}
	<-done
	x.built, x.owed, x.blameless = true, false, false
	switch {
	case ctx.Err() != nil:
		return rest, false, ctx.Err()
	case voided != "" && errors.Is(err, context.Canceled):
		x.ui.Restart()
		x.ui.Say("%s changed meanwhile: starting over", voided)
		x.owed = true
		return rest, false, nil
	}
	err = x.show(sum, err)
	if x.log != nil && sum != nil {
		x.log.Summary(sum, summaryCode(sum))
	}
	var code exitError
	switch {
	case err == nil:
		return rest, true, nil
	case errors.As(err, &code):
		x.blameless = int(code) == exitEnvironment
	default:
		x.report(err)
		x.blameless = true
	}
	return rest, false, nil
}

// relative gives paths as the graph has them.
func (x *watching) relative(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = p
		if rel, err := filepath.Rel(x.root, p); err == nil && filepath.IsLocal(rel) {
			out[i] = filepath.ToSlash(rel)
		}
	}
	return out
}

// checkLoop ends the watching where what a round writes starts the next one, again and again.
func (x *watching) checkLoop(changed []string) error {
	var writes []watch.Write
	for _, c := range changed {
		var at time.Time
		if fi, err := os.Stat(filepath.Join(x.root, filepath.FromSlash(c))); err == nil {
			at = fi.ModTime()
		}
		writes = append(writes, watch.Write{Path: c, At: at})
	}
	x.mu.Lock()
	spans := slices.Clone(x.spans)
	x.mu.Unlock()
	if p := x.prog; p != nil {
		spans = append(spans, watch.Span{Writer: p.label, From: p.began, To: p.began.Add(programStart), Patience: programPatience})
	}
	if writer, file, loop := x.loops.Round(writes, spans); loop {
		x.ui.Error(fmt.Errorf("%s writes %s, which starts the next round, and so on; stopped", writer, file),
			"What a command writes belongs below cairn-out: declare it as an output, or let no target read it.")
		return exitError(exitFailed)
	}
	return nil
}

// reasonOf says in one line what changed.
func reasonOf(changed []string) string {
	switch len(changed) {
	case 0:
		return "once more"
	case 1:
		return changed[0] + " changed"
	case 2:
		return changed[0] + " and " + changed[1] + " changed"
	}
	return fmt.Sprintf("%s, %s and %d more changed", changed[0], changed[1], len(changed)-2)
}

func onlyFolders(changed []string) bool {
	return !slices.ContainsFunc(changed, func(c string) bool { return !strings.HasSuffix(c, "/") })
}
