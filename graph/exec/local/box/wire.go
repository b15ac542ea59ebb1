package box

import (
	"encoding/binary"
	"errors"
)

// The wire between cairn and a worker, which is the same binary started a second time, so that there are no versions to
// agree on. A message is a frame: its length as 4 bytes, little-endian, then the fields in the order of the structs
// below; integers have 8 bytes, booleans 1, strings and lists a 4-byte length or count before them.

// Mount is one thing of the host that the sandbox shows.
type Mount struct {
	Target string // absolute in the sandbox, or relative to the action's tree
	Source string // absolute on the host
	File   bool   // Source is no folder
	Write  bool
}

// Setup is the first message to a worker.
type Setup struct {
	Sandbox bool
	Network bool
	Slot    string   // the slot's folder on the host
	Area    string   // the folder on the host that holds the action's tree ("work") and its HOME ("home")
	System  []string // folders of the host that every sandbox shows, or links to them
	Foreign bool     // stdin, stdout and stderr are the caller's: run commands with them, in the foreground of their terminal
}

// Request asks for one command.
type Request struct {
	Seq     int64
	Dir     string // working folder, as the command sees it
	Path    string // the program, as the command sees it
	Argv    []string
	Env     []string
	Stdout  string  // the file that takes standard output, absolute as the command sees it, in a folder that exists
	Profile []Mount // what the sandbox shows from now on, if NewProfile
	Mounts  []Mount // what it shows during this command, below Dir
	// NewProfile says that Profile counts. Otherwise the last one stays.
	NewProfile bool
}

// What a reply's Kind says.
const (
	Done       = iota
	NotStarted // the program could not be started
	NotStaged  // the worker could not make the action's tree
)

// Reply says what became of a request, or, with Seq 0, of the setup.
type Reply struct {
	Seq    int64
	Kind   int64
	Err    string
	Errno  int64
	Status int64 // of wait4
	CPU    int64 // ns
	MaxRSS int64 // bytes
	Wall   int64 // ns
	Stdout int64 // bytes in the slot's file
	Stderr int64
	Flood  bool   // the command said more than MaxOutput, and was killed
	Full   bool   // there was no room for what the command said, and it was killed
	Retire string // why the worker should not be used again
}

const maxFrame = 1 << 28

var ErrFrame = errors.New("malformed message between cairn and its worker")

type encoder struct{ b []byte }

func newEncoder(b []byte) *encoder { return &encoder{append(b[:0], 0, 0, 0, 0)} }

func (e *encoder) frame() []byte {
	binary.LittleEndian.PutUint32(e.b, uint32(len(e.b)-4))
	return e.b
}

func (e *encoder) int(v int64)     { e.b = binary.LittleEndian.AppendUint64(e.b, uint64(v)) }
func (e *encoder) count(n int)     { e.b = binary.LittleEndian.AppendUint32(e.b, uint32(n)) }
func (e *encoder) string(s string) { e.count(len(s)); e.b = append(e.b, s...) }

func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) strings(ss []string) {
	e.count(len(ss))
	for _, s := range ss {
		e.string(s)
	}
}

func (e *encoder) mounts(ms []Mount) {
	e.count(len(ms))
	for _, m := range ms {
		e.string(m.Target)
		e.string(m.Source)
		e.bool(m.File)
		e.bool(m.Write)
	}
}

// decoder reads what encoder wrote. After the first fault all further reads give zero values and bad is set.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad = true
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) int() int64 {
	if b := d.take(8); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) bool() bool {
	b := d.take(1)
	return b != nil && b[0] == 1
}

// count reads the number of things that follow, each of at least size bytes, so that a wrong one allocates nothing.
func (d *decoder) count(size int) int {
	b := d.take(4)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(n)*uint64(size) > uint64(len(d.b)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) string() string { return string(d.take(d.count(1))) }

func (d *decoder) strings() []string {
	n := d.count(4)
	if n == 0 {
		return nil
	}
	ss := make([]string, n)
	for i := range ss {
		ss[i] = d.string()
	}
	return ss
}

func (d *decoder) mounts() []Mount {
	n := d.count(10)
	if n == 0 {
		return nil
	}
	ms := make([]Mount, n)
	for i := range ms {
		ms[i] = Mount{Target: d.string(), Source: d.string(), File: d.bool(), Write: d.bool()}
	}
	return ms
}

func (d *decoder) end() error {
	if d.bad || len(d.b) != 0 {
		return ErrFrame
	}
	return nil
}

func (s *Setup) Encode(b []byte) []byte {
	e := newEncoder(b)
	e.bool(s.Sandbox)
	e.bool(s.Network)
	e.string(s.Slot)
	e.string(s.Area)
	e.strings(s.System)
	e.bool(s.Foreign)
	return e.frame()
}

func (s *Setup) Decode(b []byte) error {
	d := decoder{b: b}
	*s = Setup{Sandbox: d.bool(), Network: d.bool(), Slot: d.string(), Area: d.string(), System: d.strings(), Foreign: d.bool()}
	return d.end()
}

func (r *Request) Encode(b []byte) []byte {
	e := newEncoder(b)
	e.int(r.Seq)
	e.string(r.Dir)
	e.string(r.Path)
	e.strings(r.Argv)
	e.strings(r.Env)
	e.string(r.Stdout)
	e.mounts(r.Profile)
	e.mounts(r.Mounts)
	e.bool(r.NewProfile)
	return e.frame()
}

func (r *Request) Decode(b []byte) error {
	d := decoder{b: b}
	*r = Request{Seq: d.int(), Dir: d.string(), Path: d.string(), Argv: d.strings(), Env: d.strings(), Stdout: d.string(),
		Profile: d.mounts(), Mounts: d.mounts(), NewProfile: d.bool()}
	return d.end()
}

func (r *Reply) Encode(b []byte) []byte {
	e := newEncoder(b)
	e.int(r.Seq)
	e.int(r.Kind)
	e.string(r.Err)
	for _, v := range []int64{r.Errno, r.Status, r.CPU, r.MaxRSS, r.Wall, r.Stdout, r.Stderr} {
		e.int(v)
	}
	e.bool(r.Flood)
	e.bool(r.Full)
	e.string(r.Retire)
	return e.frame()
}

func (r *Reply) Decode(b []byte) error {
	d := decoder{b: b}
	*r = Reply{Seq: d.int(), Kind: d.int(), Err: d.string(), Errno: d.int(), Status: d.int(), CPU: d.int(), MaxRSS: d.int(),
		Wall: d.int(), Stdout: d.int(), Stderr: d.int(), Flood: d.bool(), Full: d.bool(), Retire: d.string()}
	return d.end()
}

// Frames reads frames from something that reads; the frame that Next gives is valid until the next call.
type Frames struct {
	Read func([]byte) (int, error)
	buf  []byte
	n    int // bytes in buf
	used int // of them, the last frame's
}

func (f *Frames) Next() ([]byte, error) {
	f.n = copy(f.buf, f.buf[f.used:f.n])
	f.used = 0
	for {
		if f.n >= 4 {
			size := int(binary.LittleEndian.Uint32(f.buf))
			if size > maxFrame {
				return nil, ErrFrame
			}
			if f.n >= 4+size {
				f.used = 4 + size
				return f.buf[4:f.used], nil
			}
			if len(f.buf) < 4+size {
				f.buf = append(f.buf[:f.n], make([]byte, 4+size-f.n)...)
			}
		} else if len(f.buf) < 4096 {
			f.buf = append(f.buf[:f.n], make([]byte, 4096-f.n)...)
		}
		n, err := f.Read(f.buf[f.n:])
		f.n += n
		if err != nil {
			return nil, err
		}
	}
}
