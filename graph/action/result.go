package action

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// OutputResult is one output as an action left it.
type OutputResult struct {
	Path   string
	Digest digest.Digest // of the file's bytes, or of the tree's root Directory message
	Exec   bool
	Tree   bool
}

// Result is what an action came to; only results with exit code 0 are cached. Stdout and Stderr are digests of blobs,
// zero where nothing was said.
type Result struct {
	Outputs   []OutputResult // sorted by path
	Stdout    digest.Digest
	Stderr    digest.Digest
	Wall      time.Duration
	CPU       time.Duration
	MaxRSS    int64
	Isolation string
}

// The record of a result (cache.Result): version 1, outputs, logs, costs, isolation.
const resultVersion = 1

// EncodeResult gives the record of r.
func EncodeResult(r *Result) []byte {
	e := &encoder{b: make([]byte, 0, 128+64*len(r.Outputs))}
	e.num(resultVersion)
	e.num(uint64(len(r.Outputs)))
	for _, o := range r.Outputs {
		e.str(o.Path)
		e.digest(o.Digest)
		f := uint64(0)
		if o.Exec {
			f |= 1
		}
		if o.Tree {
			f |= 2
		}
		e.num(f)
	}
	e.digest(r.Stdout)
	e.digest(r.Stderr)
	e.num(uint64(r.Wall))
	e.num(uint64(r.CPU))
	e.num(uint64(r.MaxRSS))
	e.str(r.Isolation)
	return e.b
}

// DecodeResult reads what EncodeResult wrote; false for damaged bytes.
func DecodeResult(b []byte) (*Result, bool) {
	d := &decoder{b: string(b)}
	if d.num() != resultVersion {
		return nil, false
	}
	r := &Result{Outputs: make([]OutputResult, d.count())}
	for i := range r.Outputs {
		o := &r.Outputs[i]
		o.Path = d.str()
		o.Digest = d.digest()
		f := d.num()
		o.Exec, o.Tree = f&1 != 0, f&2 != 0
	}
	r.Stdout = d.digest()
	r.Stderr = d.digest()
	r.Wall = time.Duration(d.num())
	r.CPU = time.Duration(d.num())
	r.MaxRSS = int64(d.num())
	r.Isolation = d.str()
	return r, !d.bad && d.b == ""
}

// Read is one file that an action really read.
type Read struct {
	Path   string
	Digest digest.Hash // zero: it was looked for and was not there
}

// manifest is a set of reads and the full key whose result they led to.
type manifest struct {
	full  digest.Hash
	reads []Read // sorted by path
}

// maxManifests is how many read sets a narrow key keeps, the newest first: enough for switching between a few branches.
const maxManifests = 8

// The record of a narrow key (cache.Manifest): version 1, then each manifest with its full key and reads.
const manifestVersion = 1

func encodeManifests(ms []manifest) []byte {
	e := &encoder{}
	e.num(manifestVersion)
	e.num(uint64(len(ms)))
	for _, m := range ms {
		e.b = append(e.b, m.full[:]...)
		e.num(uint64(len(m.reads)))
		for _, r := range m.reads {
			e.str(r.Path)
			e.b = append(e.b, r.Digest[:]...)
		}
	}
	return e.b
}

func decodeManifests(b []byte) []manifest {
	d := &decoder{b: string(b)}
	if d.num() != manifestVersion {
		return nil
	}
	ms := make([]manifest, d.count())
	for i := range ms {
		ms[i].full = d.hash()
		ms[i].reads = make([]Read, d.count())
		for k := range ms[i].reads {
			ms[i].reads[k] = Read{Path: d.str(), Digest: d.hash()}
		}
	}
	if d.bad || d.b != "" {
		return nil
	}
	return ms
}

// lookupNarrow gives the full key of the first manifest all of whose reads are as they were.
func lookupNarrow(rec cache.Records, narrow digest.Hash, now func(path string) digest.Hash) (digest.Hash, bool) {
	b, ok := rec.Lookup(cache.Manifest, narrow)
	if !ok {
		return digest.Hash{}, false
	}
	for _, m := range decodeManifests(b) {
		if !slices.ContainsFunc(m.reads, func(r Read) bool { return now(r.Path) != r.Digest }) {
			return m.full, true
		}
	}
	return digest.Hash{}, false
}

// recordNarrow adds a manifest in front of those that are there, dropping one with the same reads.
func recordNarrow(rec cache.Records, narrow, full digest.Hash, reads []Read) error {
	ms := []manifest{{full: full, reads: reads}}
	if b, ok := rec.Lookup(cache.Manifest, narrow); ok {
		for _, m := range decodeManifests(b) {
			if len(ms) < maxManifests && !slices.Equal(m.reads, reads) {
				ms = append(ms, m)
			}
		}
	}
	return rec.Record(cache.Manifest, narrow, encodeManifests(ms))
}

// ReadSet turns what a depfile names into paths of the action's tree. root is where that tree lay when the command ran; a
// path outside it is the toolchain's where allowed says so. covers says whether a path is a declared input or below one.
// Paths are given back sorted, each once; undeclared are those that are neither.
func ReadSet(names []string, root string, covers func(string) bool, allowed func(string) bool) (reads, undeclared []string) {
	for _, n := range names {
		if path.IsAbs(n) {
			rel, ok := strings.CutPrefix(path.Clean(n), strings.TrimSuffix(root, "/")+"/")
			if !ok {
				if !allowed(path.Clean(n)) {
					undeclared = append(undeclared, n)
				}
				continue
			}
			n = rel
		}
		n = path.Clean(n)
		if covers(n) {
			reads = append(reads, n)
		} else {
			undeclared = append(undeclared, n)
		}
	}
	slices.Sort(reads)
	return slices.Compact(reads), undeclared
}

// UndeclaredError says that a depfile names files that the action did not declare.
type UndeclaredError struct{ Paths []string }

// Error implements error.
func (e *UndeclaredError) Error() string {
	n := e.Paths
	more := ""
	if len(n) > 3 {
		n, more = n[:3], fmt.Sprintf(" and %d more", len(e.Paths)-3)
	}
	return fmt.Sprintf("the depfile names %s%s, which the target does not declare", strings.Join(n, ", "), more)
}
