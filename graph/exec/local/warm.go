package local

// Warm starts a worker in the background, so that the first command finds one. It does nothing where one is idle or on its
// way. Starting one takes several milliseconds, in which who calls Warm can find out what the command is.
func (r *Runner) Warm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.warm != nil || len(r.idle) > 0 {
		return
	}
	c := make(chan *worker, 1)
	r.warm = c
	r.runs.Go(func() {
		w := r.firstWorker()
		r.mu.Lock()
		unclaimed := r.warm == c
		if unclaimed {
			r.warm = nil
		}
		r.mu.Unlock()
		switch {
		case !unclaimed:
			c <- w
		case w != nil:
			r.put(w)
		}
	})
}

// firstWorker gives the worker that finding the level took, or a new one; nil where none can be had.
func (r *Runner) firstWorker() *worker {
	if r.settle(); r.err != nil {
		return nil
	}
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		w := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return w
	}
	r.mu.Unlock()
	w, err := r.start(kind{}, nil)
	if err != nil {
		return nil // the command that needs one says why
	}
	return w
}

// awaitWarm gives the worker that is on its way to the first command that it can serve; nil where there is none.
func (r *Runner) awaitWarm(k kind) *worker {
	r.mu.Lock()
	c := r.warm
	if c == nil || k != (kind{}) {
		r.mu.Unlock()
		return nil
	}
	r.warm = nil
	r.mu.Unlock()
	return <-c
}
