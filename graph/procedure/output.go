package procedure

import (
	"bytes"
	"sync"
)

// output makes events of what a script writes: whole lines, but for long ones and the last.
type output struct {
	p      *Procedure
	stderr bool

	mu   sync.Mutex
	rest []byte
}

// longLine is how much of a line is held back for its end.
const longLine = 8 << 10

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, b...)
	n := bytes.LastIndexByte(o.rest, '\n') + 1
	if len(o.rest)-n > longLine {
		n = len(o.rest)
	}
	o.put(n)
	return len(b), nil
}

// flush tells what was held back.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(len(o.rest))
}

func (o *output) put(n int) {
	if n == 0 {
		return
	}
	text := string(o.rest[:n])
	o.rest = append(o.rest[:0], o.rest[n:]...)
	o.p.tell(Event{Kind: KindOutput, Text: text, Stderr: o.stderr})
}
