package box

import (
	"bytes"
	"io"
	"reflect"
	"testing"
)

var sampleRequest = Request{Seq: 7, Dir: "/build/work", Path: "/bin/sh", Argv: []string{"sh", "", "-c"}, Env: []string{"A=b"}, Stdout: "x",
	Profile: []Mount{{Target: "/a", Source: "/b", File: true}}, Mounts: []Mount{{Target: "c", Source: "/d", Write: true}}, NewProfile: true}

func TestWire(t *testing.T) {
	var req Request
	if err := req.Decode(sampleRequest.Encode(nil)[4:]); err != nil || !reflect.DeepEqual(req, sampleRequest) {
		t.Errorf("%+v, %v", req, err)
	}
	rep := Reply{Seq: 1, Kind: 2, Err: "e", Errno: 3, Status: 4, CPU: 5, MaxRSS: 6, Wall: 7, Stdout: 8, Stderr: 9, Flood: true, Full: true, Retire: "r"}
	var rep2 Reply
	if err := rep2.Decode(rep.Encode(nil)[4:]); err != nil || rep != rep2 {
		t.Errorf("%+v, %v", rep2, err)
	}
	set := Setup{Sandbox: true, Network: true, Slot: "s", Area: "a", System: []string{"/usr"}, Foreign: true}
	var set2 Setup
	if err := set2.Decode(set.Encode(nil)[4:]); err != nil || !reflect.DeepEqual(set, set2) {
		t.Errorf("%+v, %v", set2, err)
	}
}

// TestFrames reads frames that arrive in pieces of every size.
func TestFrames(t *testing.T) {
	long := sampleRequest
	long.Stdout = string(make([]byte, 10000))
	stream := append(sampleRequest.Encode(nil), long.Encode(nil)...)
	stream = append(stream, sampleRequest.Encode(nil)...)
	for _, piece := range []int{1, 3, 100, 5000, 1 << 20} {
		src := bytes.NewReader(stream)
		f := Frames{Read: func(b []byte) (int, error) { return src.Read(b[:min(len(b), piece)]) }}
		for _, want := range []Request{sampleRequest, long, sampleRequest} {
			b, err := f.Next()
			var got Request
			if err != nil || got.Decode(b) != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("pieces of %d: %v", piece, err)
			}
		}
		if _, err := f.Next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

// FuzzRequest says that what decodes encodes to the same bytes, and that nothing panics.
func FuzzRequest(f *testing.F) {
	f.Add(sampleRequest.Encode(nil)[4:])
	f.Add((&Request{}).Encode(nil)[4:])
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var req Request
		if req.Decode(b) != nil {
			return
		}
		again := req.Encode(nil)[4:]
		var req2 Request
		if err := req2.Decode(again); err != nil || !reflect.DeepEqual(req, req2) {
			t.Errorf("%+v became %+v, %v", req, req2, err)
		}
	})
}
