// Package schedule runs jobs that depend on each other, as many at once as there is room for. It knows neither actions nor
// keys: a job is a number, and what is done for it is a function. With the runners it is the only place that starts
// goroutines.
package schedule

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// Item is one job. Deps are the jobs of this run that must be settled before it; others do not count.
type Item struct {
	ID        int
	Deps      []int
	Cost      time.Duration // what it took last time; 0: unknown
	Slots     int           // room it takes; 0 means 1
	Mem       int64         // bytes; 0: not counted
	Exclusive bool          // runs alone
	Light     bool          // waits for the network rather than for a processor: takes no slot
}

// Kind is what became of one turn of a job.
type Kind uint8

const (
	// Same: the job is settled and nothing that its dependants see has changed.
	Same Kind = iota
	// Changed: the job is settled and its dependants must look.
	Changed
	// Failed: the job failed; its dependants are skipped.
	Failed
	// Parked: somebody else is at it; the job is tried again soon and holds no room meanwhile.
	Parked
	// Blocked: the jobs in Needs must run first, although they had seemed settled; then the job is tried again.
	Blocked
	// Skipped: not tried, because something it needs failed or the run was stopped. Work never returns it.
	Skipped
)

// Verdict is what Work returns.
type Verdict struct {
	Kind  Kind
	Needs []int
}

// Config is a run. Work is called from many goroutines; the other functions one at a time.
type Config struct {
	Slots     int
	Mem       int64 // 0: not counted
	Light     int   // how many light jobs at once
	KeepGoing bool
	// Skip is asked when all deps of a job are settled; true settles it as Same without a turn. changed says whether one of
	// its deps was Changed. nil: every job has its turn.
	Skip func(id int, changed bool) bool
	// Work does one turn. needed says that another job was Blocked for want of what this one makes.
	Work func(ctx context.Context, id int, needed bool) Verdict
	// Add gives the item of a job that Blocked names and the run does not hold.
	Add func(id int) Item
	// Done is told of each settled job.
	Done func(id int, k Kind)
	// Retry is how long a parked job rests.
	Retry time.Duration
}

type job struct {
	item     Item
	waits    int
	users    []*job
	prio     time.Duration
	changed  bool // a dep was Changed
	settled  bool
	kind     Kind
	needed   bool
	again    bool // was blocked in the middle of a turn: must have another, whatever Skip says
	poisoned bool // a dep failed
}

// queue is a heap of ready jobs, the longest path first; among equals the lower number.
type queue []*job

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].prio != q[j].prio {
		return q[i].prio > q[j].prio
	}
	return q[i].item.ID < q[j].item.ID
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*job)) }
func (q *queue) Pop() any {
	old := *q
	j := old[len(old)-1]
	*q = old[:len(old)-1]
	return j
}

type run struct {
	Config
	mu      sync.Mutex
	wake    *sync.Cond
	jobs    map[int]*job
	ready   queue
	open    int // jobs not settled
	slots   int // in use
	mem     int64
	light   int
	running int
	alone   bool
	stopped bool
}

// Run settles all items and returns ctx's error where it was done before that. Items whose deps fail are Skipped; without
// KeepGoing the first failure lets what runs end and skips the rest.
func Run(ctx context.Context, items []Item, c Config) error {
	r := &run{Config: c, jobs: make(map[int]*job, len(items))}
	r.wake = sync.NewCond(&r.mu)
	if r.Retry == 0 {
		r.Retry = 10 * time.Millisecond
	}
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		r.stopped = true
		r.mu.Unlock()
		r.wake.Broadcast()
	})
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(items)
	r.prioritize(items)
	for _, it := range items {
		if j := r.jobs[it.ID]; j.waits == 0 && !j.settled {
			r.release(j)
		}
	}
	r.loop(ctx)
	return ctx.Err()
}

func (r *run) add(items []Item) {
	for _, it := range items {
		r.jobs[it.ID] = &job{item: it}
		r.open++
	}
	for _, it := range items {
		j := r.jobs[it.ID]
		for _, d := range it.Deps {
			if dep, ok := r.jobs[d]; ok && !dep.settled && dep != j {
				dep.users = append(dep.users, j)
				j.waits++
			}
		}
	}
}

// prioritize gives each job the time of the longest path that starts with it. items come in any order.
func (r *run) prioritize(items []Item) {
	left := make(map[*job]int, len(items))
	var leaves []*job
	for _, it := range items {
		j := r.jobs[it.ID]
		if left[j] = len(j.users); left[j] == 0 {
			leaves = append(leaves, j)
		}
	}
	for len(leaves) > 0 {
		j := leaves[len(leaves)-1]
		leaves = leaves[:len(leaves)-1]
		j.prio += max(j.item.Cost, time.Millisecond)
		for _, d := range j.item.Deps {
			if dep, ok := r.jobs[d]; ok && dep != j {
				dep.prio = max(dep.prio, j.prio)
				if left[dep]--; left[dep] == 0 {
					leaves = append(leaves, dep)
				}
			}
		}
	}
}

// release hands a job whose deps are settled to the queue, or settles it at once.
func (r *run) release(j *job) {
	switch {
	case j.poisoned || r.stopped:
		r.settle(j, Skipped)
	case r.skips(j):
		r.settle(j, Same)
	default:
		heap.Push(&r.ready, j)
	}
}

// skips says that j needs no turn.
func (r *run) skips(j *job) bool {
	return !j.needed && !j.again && r.Skip != nil && r.Skip(j.item.ID, j.changed)
}

// settle notes what became of j and releases what waited for it. It walks with a stack of its own, so that a chain of a
// hundred thousand jobs is no matter.
func (r *run) settle(first *job, k Kind) {
	type end struct {
		j *job
		k Kind
	}
	stack := []end{{first, k}}
	for len(stack) > 0 {
		e := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if e.j.settled {
			continue
		}
		e.j.settled, e.j.kind = true, e.k
		r.open--
		if r.Done != nil {
			r.Done(e.j.item.ID, e.k)
		}
		if e.k == Failed && !r.KeepGoing {
			r.stopped = true
		}
		users := e.j.users
		e.j.users = nil
		for _, u := range users {
			u.waits--
			u.changed = u.changed || e.k == Changed
			u.poisoned = u.poisoned || e.k == Failed || e.k == Skipped
			if u.waits > 0 || u.settled {
				continue
			}
			switch {
			case u.poisoned || r.stopped:
				stack = append(stack, end{u, Skipped})
			case r.skips(u):
				stack = append(stack, end{u, Same})
			default:
				heap.Push(&r.ready, u)
			}
		}
	}
}

func (r *run) loop(ctx context.Context) {
	for r.open > 0 {
		if r.stopped && r.running == 0 {
			r.abandon()
			return
		}
		j := r.pick()
		if j == nil {
			r.wake.Wait()
			continue
		}
		r.take(j, 1)
		go func() {
			v := r.Work(ctx, j.item.ID, j.needed)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.take(j, -1)
			r.verdict(j, v)
			r.wake.Broadcast()
		}()
	}
}

// abandon settles all that never had a turn.
func (r *run) abandon() {
	ids := make([]int, 0, r.open)
	for id, j := range r.jobs {
		if !j.settled {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		r.settle(r.jobs[id], Skipped)
	}
}

// pick takes the first ready job that there is room for. A job that must wait for room lets lighter ones pass, but an
// exclusive one at the head holds the others back, so that it comes to its turn.
func (r *run) pick() *job {
	if r.stopped || r.alone {
		return nil
	}
	var passed []*job
	var found *job
	for r.ready.Len() > 0 && found == nil && len(passed) < 64 {
		j := heap.Pop(&r.ready).(*job)
		if r.fits(j) {
			found = j
			break
		}
		passed = append(passed, j)
		if j.item.Exclusive {
			break
		}
		if r.slots >= r.Slots && r.light >= r.Light {
			break
		}
	}
	for _, j := range passed {
		heap.Push(&r.ready, j)
	}
	return found
}

func (r *run) fits(j *job) bool {
	switch {
	case j.item.Exclusive:
		return r.running == 0
	case j.item.Light:
		return r.light < max(r.Light, 1)
	case r.Mem > 0 && j.item.Mem > 0 && r.mem > 0 && r.mem+j.item.Mem > r.Mem:
		return false
	}
	return r.slots == 0 || r.slots+min(max(j.item.Slots, 1), r.Slots) <= r.Slots
}

func (r *run) take(j *job, sign int) {
	r.running += sign
	if j.item.Exclusive {
		r.alone = sign > 0
	}
	if j.item.Light {
		r.light += sign
		return
	}
	r.slots += sign * min(max(j.item.Slots, 1), r.Slots)
	r.mem += int64(sign) * j.item.Mem
}

func (r *run) verdict(j *job, v Verdict) {
	switch v.Kind {
	case Parked:
		time.AfterFunc(r.Retry, func() {
			r.mu.Lock()
			r.release(j)
			r.mu.Unlock()
			r.wake.Broadcast()
		})
	case Blocked:
		r.block(j, v.Needs)
	default:
		r.settle(j, v.Kind)
	}
}

// block makes j wait for jobs that had seemed settled or were not part of the run.
func (r *run) block(j *job, needs []int) {
	j.again = true
	for _, id := range needs {
		dep, ok := r.jobs[id]
		switch {
		case !ok:
			dep = &job{item: r.Add(id), needed: true, prio: j.prio + time.Millisecond}
			r.jobs[id] = dep
			r.open++
			r.release(dep)
		case dep.settled && (dep.kind == Failed || dep.kind == Skipped):
			j.poisoned = true
			continue
		case dep.settled:
			dep.settled, dep.needed, dep.changed = false, true, false
			dep.prio = j.prio + time.Millisecond
			r.open++
			r.release(dep)
		default:
			dep.needed = true
		}
		if !dep.settled {
			dep.users = append(dep.users, j)
			j.waits++
		}
	}
	if j.waits == 0 {
		r.release(j)
	}
}
