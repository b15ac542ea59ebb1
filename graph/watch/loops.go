package watch

import "time"

// Loops finds out when somebody starts round after round by writing what the rounds read: a command that is not kept apart
// from the workspace, a program that is run. The zero value is ready. It is for one goroutine.
type Loops struct {
	writer  string
	from    time.Time // of the span that was counted last
	strikes int
}

// Span is a time during which a writer could have written to the workspace.
type Span struct {
	Writer   string
	From, To time.Time
	Patience int // how many rounds in a row prove it
}

// Write is one of the changes that started a round, and when it was made.
type Write struct {
	Path string
	At   time.Time
}

// tick is how much older than it is a file's time of change may look: the clock that stamps files ticks.
const tick = 12 * time.Millisecond

// Round takes what started a round, and who had the chance to do that since the round before began. It says whether it is
// a loop, and names the writer and a file. A round that anything else has a part in starts the count anew.
func (l *Loops) Round(writes []Write, spans []Span) (writer, file string, loop bool) {
	for _, s := range spans {
		if l.writer != "" && s.Writer != l.writer || len(writes) == 0 || !s.covers(writes) {
			continue
		}
		if l.writer == s.Writer && l.from.Equal(s.From) {
			return "", "", false // the writer has not been started again: that is no loop yet
		}
		l.writer, l.from = s.Writer, s.From
		if l.strikes++; l.strikes >= s.Patience {
			return s.Writer, writes[0].Path, true
		}
		return "", "", false
	}
	if l.writer != "" {
		*l = Loops{}
		return l.Round(writes, spans) // another writer may begin
	}
	return "", "", false
}

func (s Span) covers(writes []Write) bool {
	for _, w := range writes {
		if w.At.Before(s.From.Add(-tick)) || w.At.After(s.To) {
			return false
		}
	}
	return true
}
