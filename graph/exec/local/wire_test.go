package local

import (
	"bytes"
	"io"
	"reflect"
	"testing"
)

var sampleRequest = request{Seq: 7, Dir: "/build/work", Path: "/bin/sh", Argv: []string{"sh", "", "-c"}, Env: []string{"A=b"}, Stdout: "x",
	Profile: []mount{{Target: "/a", Source: "/b", File: true}}, Mounts: []mount{{Target: "c", Source: "/d", Write: true}}, NewProfile: true}

func TestWire(t *testing.T) {
	var req request
	if err := req.decode(sampleRequest.encode(nil)[4:]); err != nil || !reflect.DeepEqual(req, sampleRequest) {
		t.Errorf("%+v, %v", req, err)
	}
	rep := reply{Seq: 1, Kind: 2, Err: "e", Errno: 3, Status: 4, CPU: 5, MaxRSS: 6, Wall: 7, Stdout: 8, Stderr: 9, Flood: true, Full: true, Retire: "r"}
	var rep2 reply
	if err := rep2.decode(rep.encode(nil)[4:]); err != nil || rep != rep2 {
		t.Errorf("%+v, %v", rep2, err)
	}
	set := setup{Sandbox: true, Network: true, Slot: "s", Area: "a", Foreign: true}
	var set2 setup
	if err := set2.decode(set.encode(nil)[4:]); err != nil || set != set2 {
		t.Errorf("%+v, %v", set2, err)
	}
}

// TestFrames reads frames that arrive in pieces of every size.
func TestFrames(t *testing.T) {
	long := sampleRequest
	long.Stdout = string(make([]byte, 10000))
	stream := append(sampleRequest.encode(nil), long.encode(nil)...)
	stream = append(stream, sampleRequest.encode(nil)...)
	for _, piece := range []int{1, 3, 100, 5000, 1 << 20} {
		src := bytes.NewReader(stream)
		f := frames{read: func(b []byte) (int, error) { return src.Read(b[:min(len(b), piece)]) }}
		for _, want := range []request{sampleRequest, long, sampleRequest} {
			b, err := f.next()
			var got request
			if err != nil || got.decode(b) != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("pieces of %d: %v", piece, err)
			}
		}
		if _, err := f.next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

// FuzzRequest says that what decodes encodes to the same bytes, and that nothing panics.
func FuzzRequest(f *testing.F) {
	f.Add(sampleRequest.encode(nil)[4:])
	f.Add((&request{}).encode(nil)[4:])
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var req request
		if req.decode(b) != nil {
			return
		}
		again := req.encode(nil)[4:]
		var req2 request
		if err := req2.decode(again); err != nil || !reflect.DeepEqual(req, req2) {
			t.Errorf("%+v became %+v, %v", req, req2, err)
		}
	})
}
