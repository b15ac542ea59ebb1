package procedure

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestOrder: the states follow each other as the OET's do.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		env     bool
		init    func(*fake)
		prepare Prepare
		plain   bool
		want    string
	}{
		{"no environment", false, nothing, nil, false, "CREATING IDLE LOADING IDLE INITIALISING READY RUNNING READY COMPLETE"},
		{"no init", false, nil, nil, false, "CREATING IDLE LOADING IDLE READY RUNNING READY COMPLETE"},
		{"environment that is there", true, nothing, nil, false, "CREATING IDLE PREP_ENV IDLE LOADING IDLE INITIALISING READY RUNNING READY COMPLETE"},
		{"environment that is made", true, nothing, func(_ context.Context, say func(Prep)) (Program, error) {
			say(Prep{Step: StepResolve, Ref: "branch main", Commit: "1"})
			say(Prep{Step: StepKey, Result: Miss, Reason: "first build"})
			say(Prep{Step: StepWheel, N: 1, Of: 2})
			return Program{}, nil
		}, false, "CREATING IDLE PREP_ENV IDLE LOADING IDLE INITIALISING READY RUNNING READY COMPLETE"},
		{"plain", false, nil, func(context.Context, func(Prep)) (Program, error) { return Program{Plain: true}, nil }, true, "CREATING IDLE LOADING IDLE READY RUNNING READY COMPLETE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, f := &record{t: t}, &fake{act: runner(c.init, nothing)}
				if c.plain {
					f.act = func(*fake) int { return 0 }
				}
				p := r.make(f, Options{CreateEnv: c.env, Prepare: c.prepare})
				if err := p.Start(t.Context()); err != nil || p.State() != Ready {
					t.Fatalf("%v, %s", err, p.State())
				}
				if c.plain == (f.started == 1) {
					t.Errorf("started %d", f.started)
				}
				if err := p.Run(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if got := r.states(p); got != c.want {
					t.Errorf("got %s", got)
				}
				if code, ok := p.Exit(); !ok || code != 0 {
					t.Errorf("%d %v", code, ok)
				}
				for _, e := range r.events {
					if e.State == PrepEnv && e.Kind == KindState && (e.Cached == nil || *e.Cached != (c.prepare == nil)) {
						t.Errorf("%+v", e)
					}
					if e.Procedure != 7 {
						t.Errorf("%+v", e)
					}
				}
			})
		})
	}
}

// TestArguments: what the functions are called with reaches the script.
func TestArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		act := func(f *fake) int {
			f.told()
			f.say("loaded", `,"init":true`)
			for c := f.told(); c != nil; c = f.told() {
				b, _ := json.Marshal(c)
				got = append(got, string(b))
				f.say(c.Do, "")
				if c.Do == "main" {
					break
				}
			}
			return 0
		}
		r := &record{t: t}
		p := r.make(&fake{act: act}, Options{Init: &Call{Args: []json.RawMessage{json.RawMessage(`{"a":1}`)}}, Main: &Call{Args: []json.RawMessage{json.RawMessage(`2`)}}})
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Run(t.Context(), &Call{Kwargs: map[string]json.RawMessage{"k": json.RawMessage(`"v"`)}}); err != nil {
			t.Fatal(err)
		}
		if want := `{"do":"init","args":[{"a":1}]} {"do":"main","kwargs":{"k":"v"}}`; strings.Join(got, " ") != want {
			t.Errorf("got %s", got)
		}
		if err := p.Run(t.Context(), nil); err == nil || err.Error() != "it cannot be run: it is COMPLETE" {
			t.Error(err)
		}
		if err := p.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
	})
}

// TestFailures: what goes wrong in each phase is FAILED, with the traceback before it.
func TestFailures(t *testing.T) {
	raise := func(during string) func(*fake) int {
		return func(f *fake) int {
			f.told()
			if during != "load" {
				f.say("loaded", `,"init":true`)
				if f.told(); during == "main" {
					f.say("init", "")
					f.told()
				}
			}
			f.say("failed", `,"during":"`+during+`","type":"KeyError","message":"'x'","text":"Traceback\n"`)
			return 1
		}
	}
	bad := func(context.Context, func(Prep)) (Program, error) { return Program{}, errors.New("no such branch") }
	for _, c := range []struct {
		name    string
		act     func(*fake) int
		prepare Prepare
		states  string
		err     string
		trace   bool
	}{
		{"prepare", nil, bad, "CREATING FAILED", "no such branch", false},
		{"load", raise("load"), nil, "CREATING IDLE LOADING FAILED", "KeyError: 'x', while it was loaded", true},
		{"init", raise("init"), nil, "CREATING IDLE LOADING IDLE INITIALISING FAILED", "KeyError: 'x', in init", true},
		{"main", raise("main"), nil, "CREATING IDLE LOADING IDLE INITIALISING READY RUNNING FAILED", "KeyError: 'x', in main", true},
		{"dies", func(f *fake) int { f.told(); return 139 }, nil, "CREATING IDLE LOADING FAILED", "signal 11 (segmentation fault) ended it while it was LOADING", false},
		{"ends early", func(f *fake) int { f.told(); return 0 }, nil, "CREATING IDLE LOADING FAILED", "it ended with exit code 0 while it was LOADING", false},
		{"ends badly", func(f *fake) int { runner(nil, nothing)(f); return 120 }, nil, "CREATING IDLE LOADING IDLE READY RUNNING READY FAILED", "it ended with exit code 120 while it was READY", false},
		{"nonsense", func(f *fake) int { f.told(); f.say("main", ""); <-f.dead; return 0 }, nil, "CREATING IDLE LOADING FAILED", `its runner said "main" while it was LOADING`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, released := &record{t: t}, 0
				prepare := c.prepare
				if prepare == nil {
					prepare = func(context.Context, func(Prep)) (Program, error) {
						return Program{Release: func() { released++ }}, nil
					}
				}
				p := r.make(&fake{act: c.act}, Options{Prepare: prepare})
				err := p.Start(t.Context())
				if err == nil {
					err = p.Run(t.Context(), nil)
				}
				if err == nil || err.Error() != c.err || p.Err() != err {
					t.Errorf("%v, %v", err, p.Err())
				}
				if got := r.states(p); got != c.states {
					t.Errorf("got %s", got)
				}
				traces := 0
				for _, e := range r.events {
					if e.Kind == KindStacktrace && e.Text == "Traceback\n" {
						traces++
					}
				}
				if (traces == 1) != c.trace {
					t.Errorf("%d traces", traces)
				}
				if c.prepare == nil && released != 1 {
					t.Errorf("released %d times", released)
				}
			})
		})
	}
}

// TestStop: in each state, and nothing is left.
func TestStop(t *testing.T) {
	waits := func(ctx context.Context, say func(Prep)) (Program, error) {
		<-ctx.Done()
		return Program{}, ctx.Err()
	}
	prepares := func(ctx context.Context, say func(Prep)) (Program, error) {
		say(Prep{Step: StepKey, Result: Miss})
		return waits(ctx, say)
	}
	plain := func(context.Context, func(Prep)) (Program, error) { return Program{Plain: true}, nil }
	deaf := func(f *fake) { <-f.dead }
	for _, c := range []struct {
		name    string
		prepare Prepare
		act     func(*fake) int
		env     bool
		at      State
		want    string
		took    time.Duration
	}{
		{"creating", waits, nil, true, Creating, "CREATING STOPPED", 0},
		{"prep", prepares, nil, true, PrepEnv, "CREATING IDLE PREP_ENV STOPPED", 0},
		{"loading", nil, func(f *fake) int { forTerm(f); return 143 }, false, Loading, "CREATING IDLE LOADING STOPPED", 0},
		{"initialising", nil, runner(func(f *fake) { forTerm(f) }, nothing), false, Initialising, "CREATING IDLE LOADING IDLE INITIALISING STOPPED", 5 * time.Second},
		{"ready", nil, func(f *fake) int { f.told(); f.say("loaded", ""); forTerm(f); return 143 }, false, Ready, "CREATING IDLE LOADING IDLE READY STOPPED", 0},
		{"plain and ready", plain, nil, false, Ready, "CREATING IDLE LOADING IDLE READY STOPPED", 0},
		{"running", nil, func(f *fake) int {
			f.told()
			f.say("loaded", "")
			f.told()
			forTerm(f)
			f.say("failed", `,"during":"main","type":"SystemExit","text":"not told"`)
			return 3
		}, false, Running, "CREATING IDLE LOADING IDLE READY RUNNING STOPPED", 0},
		{"running and deaf", nil, runner(nil, deaf), false, Running, "CREATING IDLE LOADING IDLE READY RUNNING STOPPED", 5 * time.Second},
		{"plain and running", plain, func(f *fake) int { forTerm(f); return 0 }, false, Running, "CREATING IDLE LOADING IDLE READY RUNNING STOPPED", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &record{t: t}
				p := r.make(&fake{act: c.act}, Options{Prepare: c.prepare, CreateEnv: c.env})
				done := make(chan error, 1)
				go func() {
					err := p.Start(t.Context())
					if err == nil && c.at == Running {
						err = p.Run(t.Context(), nil)
					}
					done <- err
				}()
				synctest.Wait()
				if p.State() != c.at {
					t.Fatalf("it is %s", p.State())
				}
				began := time.Now()
				if err := p.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %v", took)
				}
				if err := <-done; err != ErrStopped && (err != nil || c.at != Ready) {
					t.Error(err)
				}
				if got := r.states(p); got != c.want {
					t.Errorf("got %s", got)
				}
				for _, e := range r.events {
					if e.Kind == KindStacktrace {
						t.Errorf("%+v", e)
					}
				}
				if err := p.Stop(t.Context()); err != nil || p.State() != Stopped {
					t.Errorf("stopped again: %v", err)
				}
			})
		})
	}
}

// TestStopBeforeStart: what was never started ends all the same.
func TestStopBeforeStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &record{t: t}
		p := r.make(&fake{}, Options{})
		if err := p.Stop(t.Context()); err != nil || r.states(p) != "CREATING STOPPED" {
			t.Errorf("%v %s", err, r.states(p))
		}
		if err := p.Start(t.Context()); err == nil || err.Error() != "it cannot be started: it is STOPPED" {
			t.Error(err)
		}
	})
}

// TestUnkillable: UNKNOWN is for a process that SIGKILL does not end, and for no other.
func TestUnkillable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, let, released := &record{t: t}, make(chan struct{}), false
		f := &fake{deaf: true, act: func(f *fake) int { f.told(); <-let; return 0 }}
		p := r.make(f, Options{Prepare: func(context.Context, func(Prep)) (Program, error) {
			return Program{Release: func() { released = true }}, nil
		}})
		go p.Start(t.Context())
		synctest.Wait()
		err := p.Stop(t.Context())
		if p.State() != Unknown || err == nil || released {
			t.Errorf("%s: %v", p.State(), err)
		}
		if first, then := <-f.sigs, <-f.sigs; first != syscall.SIGTERM || then != syscall.SIGKILL {
			t.Errorf("%v %v", first, then)
		}
		close(let)
	})
}

// TestSecondSignal: the first is passed on as it is, the second kills.
func TestSecondSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, got := &record{t: t}, syscall.Signal(0)
		f := &fake{act: func(f *fake) int { f.told(); got = <-f.sigs; <-f.dead; return 0 }}
		p := r.make(f, Options{})
		go p.Start(t.Context())
		synctest.Wait()
		began := time.Now()
		p.Signal(syscall.SIGINT)
		synctest.Wait()
		p.Signal(syscall.SIGINT)
		if s, err := p.Wait(t.Context()); s != Stopped || err != nil || got != syscall.SIGINT || time.Since(began) != 0 {
			t.Errorf("%s %v %v", s, err, got)
		}
		if code, _ := p.Exit(); code != 137 {
			t.Errorf("exit code %d", code)
		}
	})
}

// TestWait: running out of time changes nothing, and says where it stands.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &record{t: t}
		p := r.make(&fake{act: runner(func(*fake) { time.Sleep(time.Minute) }, nothing)}, Options{})
		go p.Start(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if s, err := p.Wait(ctx, Ready); s != Initialising || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s %v", s, err)
		}
		if s, err := p.Wait(t.Context(), Ready); s != Ready || err != nil {
			t.Errorf("%s %v", s, err)
		}
		// One that waits for what is over already, or will not come, is told.
		if err := p.Run(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if s, err := p.Wait(ctx, Ready); s != Complete || err != nil {
			t.Errorf("%s %v", s, err)
		}
	})
}

// TestCancel: when the context of Start or Run ends, the script is stopped.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &record{t: t}
		p := r.make(&fake{act: runner(func(f *fake) { <-f.dead }, nothing)}, Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Start(ctx); err != ErrStopped || p.State() != Stopped {
			t.Errorf("%v %s", err, p.State())
		}
	})
}

// TestHeartbeat: while something is at work there is an event each second, with what it is; while it waits there is none.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &record{t: t}
		p := r.make(&fake{act: runner(nothing, func(*fake) { time.Sleep(7 * time.Second) })}, Options{CreateEnv: true,
			Prepare: func(_ context.Context, say func(Prep)) (Program, error) {
				say(Prep{Step: StepWheel, N: 3, Of: 40, Name: "numpy", How: "fetched"})
				time.Sleep(10 * time.Second)
				return Program{}, nil
			}})
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := p.Run(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		beats := map[State]int{}
		for i, e := range r.events {
			if i > 0 && r.events[i-1].State.Busy() && e.Time.Sub(r.events[i-1].Time) > time.Second {
				t.Errorf("%v between %+v and %+v", e.Time.Sub(r.events[i-1].Time), r.events[i-1], e)
			}
			if e.Kind == KindHeartbeat {
				beats[e.State]++
				if e.State == PrepEnv && e.Text != "wheel 3 of 40: numpy (fetched)" {
					t.Errorf("%+v", e)
				}
			}
		}
		if beats[Ready] != 0 || beats[PrepEnv] < 10 || beats[Running] < 7 {
			t.Errorf("%v", beats)
		}
	})
}

// TestOutput: where nobody takes it, it is told in whole lines, and what has no end at the end.
func TestOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &record{t: t}
		f := &fake{act: runner(nil, func(f *fake) {
			for _, s := range []string{"one\ntw", "o\n{\"token\":\"\",\"event\":\"main\"}\nthr", "ee"} {
				_, _ = f.stdout.Write([]byte(s))
			}
		})}
		p := r.make(f, Options{})
		if err := errors.Join(p.Start(t.Context()), p.Run(t.Context(), nil)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range r.events {
			if e.Kind == KindOutput {
				got = append(got, e.Text)
			}
		}
		if strings.Join(got, "|") != "one\n|two\n{\"token\":\"\",\"event\":\"main\"}\n|three" {
			t.Errorf("%q", got)
		}
	})
}
