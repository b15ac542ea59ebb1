package scriptserver

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
)

// What the broker remembers is bounded in both ways.
const (
	bufferedEvents = 4096
	bufferedBytes  = 8 << 20
)

// message is an event as it is sent.
type message struct {
	topic  string
	data   []byte // JSON, one line
	legacy []byte // the same for clients of OET 1 to 6, where that is another form; else nil
}

func (m message) size() int { return len(m.topic) + len(m.data) + len(m.legacy) }

// broker holds the latest events, numbered from 1, for all who listen. Listeners hold a number and come for what follows; who
// comes too late finds that it is gone. So a listener that is slow, or does not read at all, holds nobody up and costs no memory.
type broker struct {
	mu     sync.Mutex
	first  uint64 // the number of ring's first
	ring   []message
	bytes  int
	wake   chan struct{} // closed when something comes, and made anew
	closed bool
}

func newBroker() *broker {
	return &broker{first: 1, wake: make(chan struct{})}
}

// publish adds an event, which it keeps.
func (b *broker) publish(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.ring = append(b.ring, m)
	b.bytes += m.size()
	drop := 0
	for len(b.ring)-drop > bufferedEvents || b.bytes > bufferedBytes && len(b.ring)-drop > 1 {
		b.bytes -= b.ring[drop].size()
		b.ring[drop] = message{}
		drop++
	}
	b.ring = b.ring[drop:]
	b.first += uint64(drop)
	close(b.wake)
	b.wake = make(chan struct{})
}

// close lets listeners end when they have heard all.
func (b *broker) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.wake)
	}
}

// next gives the number that the next event will have.
func (b *broker) next() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.first + uint64(len(b.ring))
}

// read appends to into what comes from number from on, and gives the number to go on with. lost says that some of it is gone
// already. Where nothing is there yet, wake will be closed when it is; over says that nothing will come.
func (b *broker) read(from uint64, into []message) (out []message, next uint64, lost bool, wake <-chan struct{}, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if from < b.first {
		from, lost = b.first, true
	}
	for at := from - b.first; at < uint64(len(b.ring)) && len(into) < cap(into); at++ {
		into = append(into, b.ring[at])
		from++
	}
	return into, from, lost, b.wake, b.closed && from == b.first+uint64(len(b.ring))
}

// appendSSE writes an event as Server-Sent Events want it, for clients of d; 0 leaves its id out.
func appendSSE(buf *bytes.Buffer, d dialect, boot string, n uint64, m message) {
	if n > 0 {
		buf.WriteString("id: " + eventID(boot, n) + "\n")
	}
	buf.WriteString("event: " + m.topic + "\ndata: ")
	if d.legacy && m.legacy != nil {
		buf.Write(m.legacy)
	} else {
		buf.Write(m.data)
	}
	buf.WriteString("\n\n")
}

// eventID is <process>.<number>: a client that comes back after a restart is not mistaken.
func eventID(boot string, n uint64) string { return boot + "." + strconv.FormatUint(n, 10) }

// parseEventID gives the number of an event of this process.
func parseEventID(boot, id string) (n uint64, ours bool) {
	of, number, _ := strings.Cut(id, ".")
	n, err := strconv.ParseUint(number, 10, 63)
	return n, of == boot && err == nil
}
