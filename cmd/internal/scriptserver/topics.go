package scriptserver

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/procedure"
)

// The topics. The first ones are those of the OET, the others cairn's own.
const (
	topicState      = "procedure.lifecycle.statechange"
	topicStacktrace = "procedure.lifecycle.stacktrace"
	topicLifecycle  = "procedure.lifecycle." // and created, started, complete, stopped, failed
	topicRequest    = "request.procedure."   // and create, start, stop
	topicActivity   = "activity.lifecycle.running"

	topicPrep      = "cairn.prep"
	topicOutput    = "cairn.output"
	topicHeartbeat = "cairn.heartbeat"
	topicReset     = "cairn.reset"
)

// lifecycle is what the OET announces besides a change of state.
var lifecycle = map[procedure.State]string{
	procedure.Initialising: "started",
	procedure.Running:      "started",
	procedure.Complete:     "complete",
	procedure.Stopped:      "stopped",
	procedure.Failed:       "failed",
}

// longest is how much of one event's text is sent.
const longest = 32 << 10

// event remembers what happened to a procedure and tells all who listen. It is called by the procedure, which must not wait.
func (s *Server) event(e *entry, ev procedure.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ev.Text = clip(ev.Text)
	data := map[string]any{"msg_src": strconv.Itoa(e.id), "event": ev}
	switch ev.Kind {
	case procedure.KindState:
		before := e.state()
		if len(e.steps) == 0 && ev.State != procedure.Creating {
			e.steps = append(e.steps, procedure.Step{State: procedure.Creating, Time: e.created})
		}
		e.steps = append(e.steps, procedure.Step{State: ev.State, Time: ev.Time})
		if ev.Exit != nil {
			e.exit = ev.Exit
		}
		if e.trace == "" && (ev.State == procedure.Failed || ev.State == procedure.Unknown) {
			e.trace = ev.Text // it failed before there was any Python
		}
		if ev.State.Over() {
			s.used = s.o.Now()
			if s.slot == e {
				s.slot = nil
			}
		}
		data["new_state"] = ev.State
		s.tell(topicState, data)
		s.announce(e, before, ev.State)
		s.change()
	case procedure.KindStacktrace:
		e.trace = ev.Text
		data["stacktrace"] = ev.Text
		s.tell(topicStacktrace, data)
	case procedure.KindPrep:
		s.tell(topicPrep, data)
	case procedure.KindOutput:
		s.tell(topicOutput, data)
	default:
		s.tell(topicHeartbeat, data)
	}
}

// announce tells of the state's change once more, in the way that the OET's clients listen for. The lock is held.
func (s *Server) announce(e *entry, from, to procedure.State) {
	word := lifecycle[to]
	if from == procedure.Loading && to == procedure.Idle {
		word = "created"
	}
	if word != "" {
		result := func(d dialect) map[string]any {
			return map[string]any{"msg_src": strconv.Itoa(e.id), "result": e.summary(d, s.o.URL)}
		}
		topic := topicLifecycle + word
		s.events.publish(message{topic, encode(topic, result(dialect{})), encode(topic, result(older))})
	}
	if a := e.activity; a != nil {
		a.follow(to, s.o.Now())
		if to == procedure.Running {
			s.tell(topicActivity, map[string]any{"msg_src": strconv.Itoa(a.id), "result": a.summary(dialect{}, s.o.URL)})
		}
	}
}

// request tells that a client asked for something. The lock is held.
func (s *Server) request(e *entry, verb string, cmd map[string]any) {
	s.tell(topicRequest+verb, map[string]any{"msg_src": "cairn", "procedure": e.id, "cmd": cmd})
}

// tell publishes an event.
func (s *Server) tell(topic string, data map[string]any) {
	s.events.publish(message{topic: topic, data: encode(topic, data)})
}

// encode writes the data of an event, which name the topic too, as clients of the OET look there.
func encode(topic string, data map[string]any) []byte {
	data["topic"] = topic
	b, err := json.Marshal(data)
	if err != nil {
		b, _ = json.Marshal(map[string]string{"topic": topic, "error": err.Error()})
	}
	return b
}

// clip keeps the end of a text that is very long: a traceback's last line is what counts.
func clip(text string) string {
	if len(text) <= longest {
		return text
	}
	return "..." + strings.ToValidUTF8(text[len(text)-longest:], "")
}
