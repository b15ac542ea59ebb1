package ui

import (
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	redraw    = 100 * time.Millisecond // how often the block is drawn at most
	plainGap  = 5 * time.Second        // between two lines of progress where there is no block
	blockRows = 8                      // actions that the block names at most
)

// action is one that runs.
type action struct {
	label, mnemonic string
	since           time.Time
}

type fetchState struct{ done, total int64 }

// startTicker begins to redraw; it is called when the first action starts, so that a no-op starts no goroutine. u.mu is held.
func (u *UI) startTicker() {
	if u.stop != nil {
		return
	}
	u.stop, u.stopped = make(chan struct{}), make(chan struct{})
	u.lastLine = u.s.Now()
	every := redraw
	if !u.s.Block {
		every = time.Second
	}
	go func(stop, stopped chan struct{}) {
		defer close(stopped)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				u.tick()
			}
		}
	}(u.stop, u.stopped)
}

func (u *UI) endTicker() {
	u.mu.Lock()
	stop, stopped := u.stop, u.stopped
	u.stop = nil
	u.mu.Unlock()
	if stop != nil {
		close(stop)
		<-stopped
	}
}

// tick shows how far things are: the block on a terminal, now and then a line elsewhere.
func (u *UI) tick() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.s.Block {
		u.erase()
		u.draw()
		return
	}
	now := u.s.Now()
	if now.Sub(u.lastLine) < plainGap || len(u.order) == 0 {
		return
	}
	u.lastLine = now
	a := u.running[u.order[0]]
	u.above(fmt.Appendf(u.scratch[:0], "cairn: %s; %s %s since %s\n", u.count(), a.label, a.mnemonic, seconds(now.Sub(a.since))))
}

// count says how much is done: `120 of 1000 actions, 2 running`.
func (u *UI) count() string {
	if u.total > 0 {
		return fmt.Sprintf("%d of %d actions, %d running", u.done, u.total, len(u.running))
	}
	return fmt.Sprintf("%d actions, %d running", u.done, len(u.running))
}

// erase takes the block off the screen. u.mu is held.
func (u *UI) erase() {
	if u.lines == 0 {
		return
	}
	b := append([]byte("\x1b["), strconv.Itoa(u.lines)...)
	u.s.Stderr.Write(append(b, "A\r\x1b[J"...))
	u.lines = 0
}

// draw puts the block on the screen, which must not hold one. u.mu is held.
func (u *UI) draw() {
	if len(u.running) == 0 && len(u.fetching) == 0 {
		return
	}
	columns, rows := u.s.Size()
	now := u.s.Now()
	var b []byte
	n := 1
	b = paint(b, u.s.ErrColor, bold, fit(fmt.Sprintf("cairn: %s, %s", u.count(), seconds(now.Sub(u.began))), columns))
	b = append(b, '\n')
	room := max(1, min(blockRows, rows-3))
	for i, id := range u.order {
		if i == room && len(u.order) > room {
			b = append(b, fit(fmt.Sprintf("  and %d more", len(u.order)-i), columns)...)
			b = append(b, '\n')
			n++
			break
		}
		a := u.running[id]
		line := fmt.Sprintf("  %s %s %s", a.label, a.mnemonic, seconds(now.Sub(a.since)))
		if f, ok := u.fetching[a.label]; ok {
			line += ", " + fetched(f)
		}
		b = append(b, fit(line, columns)...)
		b = append(b, '\n')
		n++
	}
	u.s.Stderr.Write(b)
	u.lines = n
}

func fetched(f fetchState) string {
	if f.total > 0 {
		return fmt.Sprintf("%s of %s", Bytes(f.done), Bytes(f.total))
	}
	return Bytes(f.done)
}

// fit cuts a line so that it does not wrap.
func fit(s string, columns int) string {
	if columns < 8 || utf8.RuneCountInString(s) < columns {
		return s
	}
	r := []rune(s)
	return string(r[:columns-2]) + "~"
}

// seconds writes a duration for people: 0.3s, 12s, 2m05s.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

// Bytes writes a size for people: 512 B, 1.5 MB.
func Bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, units := float64(n), []string{"kB", "MB", "GB", "TB"}
	for i, u := range units {
		f /= 1000
		if f < 999.95 || i == len(units)-1 {
			return strconv.FormatFloat(f, 'f', 1, 64) + " " + u
		}
	}
	return ""
}

// forget takes an action off the running ones. u.mu is held.
func (u *UI) forget(id int) {
	if _, ok := u.running[id]; !ok {
		return
	}
	delete(u.running, id)
	if i := slices.Index(u.order, id); i >= 0 {
		u.order = slices.Delete(u.order, i, i+1)
	}
}
