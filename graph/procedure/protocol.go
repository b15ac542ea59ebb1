package procedure

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
)

// The protocol with runner.py is newline JSON over two descriptors of its own, 3 (commands) and 4 (what the runner says): the
// script's standard files carry none of it. The first command gives a token that everything the runner says repeats, so that what a
// script writes into a descriptor that is not its own is not taken for the runner's words.
//
//	-> {"do":"load","token":"..."}
//	<- {"token":"...","event":"loaded","init":true,"main":true}
//	-> {"do":"init","args":[...],"kwargs":{...}}         only where it has one
//	<- {"token":"...","event":"init"}
//	-> {"do":"main","args":[...],"kwargs":{...}}
//	<- {"token":"...","event":"main"}                    then the process ends by itself
//	<- {"token":"...","event":"failed","during":"load|init|main","type":"KeyError","message":"...","text":"Traceback ..."}

// What the runner says.
const (
	saidLoaded = "loaded"
	saidInit   = "init"
	saidMain   = "main"
	saidFailed = "failed"
)

// message is one line of what the runner says.
type message struct {
	Token   string `json:"token"`
	Event   string `json:"event"`
	Init    bool   `json:"init"`
	Main    bool   `json:"main"`
	During  string `json:"during"`
	Type    string `json:"type"`
	Message string `json:"message"`
	Text    string `json:"text"`
}

// maxLine bounds a line; the runner cuts tracebacks shorter than this.
const maxLine = 8 << 20

// newToken gives a word that nobody writes by chance.
func newToken() string { return rand.Text() }

// receive gives the runner's messages until r ends. Lines that are none, or too long, are passed over.
func receive(r io.Reader, token string, to chan<- message) {
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	skip := false
	for {
		part, err := in.ReadSlice('\n')
		if skip = skip || len(line)+len(part) > maxLine; skip {
			line = line[:0]
		} else {
			line = append(line, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return // a line without an end was not said
		}
		if m, ok := parseMessage(line, token); ok && !skip {
			to <- m
		}
		line, skip = line[:0], false
	}
}

// parseMessage reads a line that the runner has said; false for any other.
func parseMessage(line []byte, token string) (message, bool) {
	var m message
	if !bytes.Contains(line, []byte(token)) || json.Unmarshal(line, &m) != nil || m.Token != token || token == "" {
		return message{}, false
	}
	switch m.Event {
	case saidLoaded, saidInit, saidMain, saidFailed:
		return m, true
	}
	return message{}, false
}

// command is one line of what the runner is told.
type command struct {
	Do     string                     `json:"do"`
	Token  string                     `json:"token,omitempty"`
	Args   []json.RawMessage          `json:"args,omitempty"`
	Kwargs map[string]json.RawMessage `json:"kwargs,omitempty"`
}

func (s *script) greet() { s.write(command{Do: "load", Token: s.token}) }

// send has the runner call a function.
func (s *script) send(do string, c *Call) {
	m := command{Do: do}
	if c != nil {
		m.Args, m.Kwargs = c.Args, c.Kwargs
	}
	s.write(m)
}

// write tells the runner something, in a goroutine: a script need not read. One that cannot be told has ended, or is about to
// say what is wrong.
func (s *script) write(m command) {
	b, err := json.Marshal(m)
	if err != nil {
		b = []byte(`{"do":"bad"}`) // raw values were JSON when they came in
	}
	w := s.c.Commands()
	go func() { _, _ = w.Write(append(b, '\n')) }()
}
