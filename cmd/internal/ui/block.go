package ui

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	redraw    = 100 * time.Millisecond // how often the block is drawn at most
	plainGap  = 5 * time.Second        // between two lines of progress where there is no block
	blockRows = 8                      // actions that the block names at most

	leastColumns = 12 // of a terminal that the block fits into
)

// action is one that runs.
type action struct {
	label, title string
	since        time.Time
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
	u.above(fmt.Appendf(u.scratch[:0], "cairn: %s; %s %s since %s\n", u.count(), a.label, a.title, seconds(now.Sub(a.since))))
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
	if columns < leastColumns || rows < 2 {
		return
	}
	now := u.s.Now()
	var b []byte
	b = paint(b, u.s.ErrColor, bold, fit(fmt.Sprintf("cairn: %s, %s", u.count(), seconds(now.Sub(u.began))), columns))
	b = append(b, '\n')
	n := 1
	room := min(blockRows+1, rows-2) // the cursor stands below the block
	show := u.order
	if len(show) > room {
		show = show[:max(0, room-1)]
	}
	for _, id := range show {
		a := u.running[id]
		rest := " " + a.title + " " + seconds(now.Sub(a.since))
		if f, ok := u.fetching[a.label]; ok {
			rest += ", " + fetched(f)
		}
		b = append(fitLabel(append(b, "  "...), a.label, rest, columns-2), '\n')
		n++
	}
	if left := len(u.order) - len(show); left > 0 && room > 0 {
		b = append(b, fit(fmt.Sprintf("  and %d more", left), columns)...)
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
	if width(s) < columns {
		return s
	}
	room := columns - 2
	for i, r := range s {
		if room -= wide(r); room < 0 {
			return s[:i] + "~"
		}
	}
	return s
}

// fitLabel appends a label and what follows it, and leaves out the middle of the label where that would wrap: its end is what tells
// it from others. Where there is little room, all of it is the label's.
func fitLabel(b []byte, label, rest string, columns int) []byte {
	room := columns - 1 - width(rest)
	if room >= width(label) {
		return append(append(b, label...), rest...)
	}
	if room < 2*leastColumns {
		rest, room = "", columns-1
	}
	if width(label) > room {
		r := []rune(label)
		from, to, left := 0, len(r), room-1
		for left > 0 && from < to {
			if head := from*3 < len(r)-to; head { // a quarter from the start
				left -= wide(r[from])
				from++
			} else {
				to--
				left -= wide(r[to])
			}
		}
		if left < 0 {
			to++
		}
		label = string(r[:from]) + "~" + string(r[to:])
	}
	return append(append(b, label...), rest...)
}

// width is how many columns a terminal gives a line, at most.
func width(s string) (n int) {
	for _, r := range s {
		n += wide(r)
	}
	return n
}

// wide is 2 for the runes that East Asian scripts and symbols may take two columns for.
func wide(r rune) int {
	if r >= 0x1100 {
		return 2
	}
	return 1
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
