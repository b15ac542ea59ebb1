package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"
	"unsafe"

	"github.com/cairn-build/cairn/cache/digest"
)

// The snapshot's format, version 2. Numbers are in the machine's byte order, which the header states; a snapshot never
// leaves its machine.
//
//	 0  magic "cairnST\n"
//	 8  u32 version
//	12  u32 0x01020304
//	16  16 bytes that name the graph: random, made by Finish, kept by Save
//	32  32 bytes: the settings
//	64  u64 length of the file
//	72  u32 number of sections
//	76  u32 crc32c of header and table with this field 0
//	80  table: for each section u64 offset, u64 length, u32 crc32c of the bytes, u32 size of an element
//
// Sections follow in the order of the constants below, each at a multiple of 64, none overlapping. What they hold is the Go
// type named there, as it lies in memory. Offsets of a section into another are 32-bit, so each is below 4 GiB. A snapshot
// is complete or not there: it is written under another name and renamed.
const (
	magic         = "cairnST\n"
	formatVersion = 2
	byteOrderMark = 0x01020304
	headerSize    = 80
	tableEntry    = 24
	sectionAlign  = 64
)

type section int

// Sections that a no-op looks at come first.
const (
	secPaths         section = iota // bytes; NUL-terminated paths of artifacts and reads
	secArtifacts                    // pathRec by artifact
	secReadPaths                    // pathRec by read
	secReads                        // readRec by read
	secSources                      // statRec by source (facts)
	secPlaced                       // statRec by output (facts)
	secReadStats                    // statRec by read (facts)
	secDone                         // u8 by action: state flags (facts)
	secAllActions                   // u64: bitset of what //... needs
	secAllArtifacts                 // u64
	secTestActions                  // u64: the same with tests
	secTestArtifacts                // u64
	secKinds                        // u8 by output: 1 where it is a tree
	secProducers                    // u32 by output: action
	secText                         // bytes; strings
	secStrings                      // textRef by string
	secConsumerOff                  // u32 by artifact, one more
	secConsumers                    // u32: actions
	secActions                      // actionRec by action
	secSpecOff                      // u32 by action, one more
	secInputOff                     // u32 by action, one more
	secInputs                       // u32: artifacts
	secOutputOff                    // u32 by action, one more
	secOutputs                      // u32: artifacts
	secActionClasses                // actionClass
	secClassTools                   // u32: tools
	secToolNames                    // u32 by tool: string
	secTargets                      // targetRec by target
	secDefaultOff                   // u32 by target, one more
	secDefaults                     // u32: artifacts
	secDepOff                       // u32 by target, one more
	secDeps                         // u32: targets
	secOwnOff                       // u32 by target, one more
	secOwn                          // u32: actions
	secTargetClasses                // targetClass
	secClassTags                    // u32: strings
	secData                         // bytes: what runs, descriptions and queries are made of
	secRuns                         // blobRef by target, sparse
	secDescriptions                 // blobRef by target, sparse
	secKept                         // blobRef by target, sparse
	secLooks                        // blobRef by target, sparse: paths, each with a NUL after it
	secTrees                        // blobRef by output, sparse (facts)
	secNotes                        // blobRef by action, sparse (facts)
	secTools                        // blobRef by tool, sparse (facts)
	secVar                          // bytes of the sparse facts
	secSpecs                        // bytes
	secHashes                       // [32]byte by source (facts)
	secResults                      // resultRec by output (facts)
	secStates                       // actionFact by action (facts)
	numSections

	// firstCold begins the sections that a no-op has no use for and in which any bytes are harmless: they are checked
	// without being kept in memory.
	firstCold = secSpecs
)

type (
	// pathRec is a path in secPaths; Dir is the length of its folder's path, 0 where there is none.
	pathRec struct {
		Off      uint32
		Len, Dir uint16
	}
	textRef struct{ Off, Len uint32 }
	// blobRef is an entry of a sparse table; IDs rise.
	blobRef   struct{ ID, Off, Len uint32 }
	actionRec struct{ Target, Class uint32 }
	// actionClass is what many actions share.
	actionClass struct{ Flags, ToolsLo, ToolsHi uint32 }
	targetRec   struct {
		Label     uint32 // in secText: "//pkg:name"
		Pkg, Name uint16 // lengths
		Class     uint32
		Line      uint32
	}
	// targetClass is what many targets share.
	targetClass struct{ Kind, File, Platform, Flags, TagsLo, TagsHi uint32 }
	readRec     struct {
		Kind, Flags        uint32
		QueryOff, QueryLen uint32
		Digest             digest.Digest
	}
	statRec struct {
		Size, Mtime, Ctime int64
		Ino                uint64
		Mode, Flags        uint32
	}
	resultRec struct {
		Hash digest.Hash
		Size uint64 // the top 8 bits are flags
	}
	actionFact struct {
		Key        digest.Hash
		Mark       uint64
		Run        uint64
		DurationMS uint32
		Exit       int32
	}
)

var elemSize = [numSections]uint32{
	secPaths: 1, secArtifacts: 8, secReadPaths: 8, secReads: 56, secSources: 40, secPlaced: 40, secReadStats: 40, secDone: 1,
	secAllActions: 8, secAllArtifacts: 8, secTestActions: 8, secTestArtifacts: 8, secKinds: 1, secProducers: 4, secText: 1,
	secStrings: 8, secConsumerOff: 4, secConsumers: 4, secActions: 8, secSpecOff: 4, secInputOff: 4, secInputs: 4,
	secOutputOff: 4, secOutputs: 4, secActionClasses: 12, secClassTools: 4, secToolNames: 4, secTargets: 16,
	secDefaultOff: 4, secDefaults: 4, secDepOff: 4, secDeps: 4, secOwnOff: 4, secOwn: 4, secTargetClasses: 24,
	secClassTags: 4, secData: 1, secRuns: 12, secDescriptions: 12, secKept: 12, secLooks: 12, secSpecs: 1, secHashes: 32, secResults: 40, secStates: 56,
	secTrees: 12, secNotes: 12, secTools: 12, secVar: 1,
}

// ErrNoSnapshot says that there is no snapshot that can be used; the caller evaluates anew. Test with errors.Is.
var ErrNoSnapshot = errors.New("no snapshot")

// DamagedError says that a file is there but is no snapshot that this program can use, and why. It wraps ErrNoSnapshot.
type DamagedError struct{ Path, Reason string }

// Error implements error.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s: %s; evaluating the workspace anew", e.Path, e.Reason)
}

// Unwrap makes a damaged snapshot none at all.
func (e *DamagedError) Unwrap() error { return ErrNoSnapshot }

func damaged(format string, args ...any) error {
	return &DamagedError{Reason: fmt.Sprintf(format, args...)}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// graphID names an evaluated graph; journals are bound to it.
type graphID [16]byte

// sections is a whole snapshot's content, section by section.
type sections [numSections][]byte

// view gives a section's bytes as a slice of what it holds.
func view[T any](b []byte) []T {
	n := len(b) / int(unsafe.Sizeof(*new(T)))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// raw gives the bytes of s, for a section.
func raw[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

// text gives b as a string without a copy; it lives as long as b does.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func align(n uint64) uint64 { return (n + sectionAlign - 1) &^ (sectionAlign - 1) }

// header makes the header and table of a snapshot, and gives each section's offset.
func (s *sections) header(id graphID, settings digest.Hash) (head []byte, offs [numSections]uint64, size uint64) {
	ne := binary.NativeEndian
	head = make([]byte, headerSize+int(numSections)*tableEntry)
	copy(head, magic)
	ne.PutUint32(head[8:], formatVersion)
	ne.PutUint32(head[12:], byteOrderMark)
	copy(head[16:], id[:])
	copy(head[32:], settings[:])
	ne.PutUint32(head[72:], uint32(numSections))
	pos := uint64(len(head))
	for i, b := range s {
		pos = align(pos)
		offs[i] = pos
		t := head[headerSize+i*tableEntry:]
		ne.PutUint64(t, pos)
		ne.PutUint64(t[8:], uint64(len(b)))
		ne.PutUint32(t[16:], crc32.Checksum(b, castagnoli))
		ne.PutUint32(t[20:], elemSize[i])
		pos += uint64(len(b))
	}
	ne.PutUint64(head[64:], pos)
	ne.PutUint32(head[76:], crc32.Checksum(head, castagnoli))
	return head, offs, pos
}

// pager is how the memory below a snapshot is kept small: hot is told of bytes that are about to be read, cold of bytes that
// will not be needed soon. Both may be nil.
type pager struct{ hot, cold func([]byte) }

// parse checks a whole snapshot and finds its sections. It reads every byte, in two goroutines.
func parse(b []byte, settings digest.Hash, page pager) (*sections, graphID, error) {
	ne := binary.NativeEndian
	const head = headerSize + int(numSections)*tableEntry
	switch {
	case len(b) < len(magic) || string(b[:len(magic)]) != magic:
		return nil, graphID{}, damaged("not a snapshot")
	case len(b) < headerSize:
		return nil, graphID{}, damaged("truncated")
	case ne.Uint32(b[12:]) != byteOrderMark || ne.Uint32(b[8:]) != formatVersion || ne.Uint32(b[72:]) != uint32(numSections):
		return nil, graphID{}, damaged("written by another version of cairn")
	case len(b) < head || ne.Uint64(b[64:]) != uint64(len(b)):
		return nil, graphID{}, damaged("truncated")
	}
	var h [head]byte
	copy(h[:], b)
	clear(h[76:80])
	if crc32.Checksum(h[:], castagnoli) != ne.Uint32(b[76:]) {
		return nil, graphID{}, damaged("damaged header")
	}
	if digest.Hash(b[32:64]) != settings {
		return nil, graphID{}, damaged("made for other settings")
	}
	var s sections
	var sums [numSections]uint32
	end := uint64(head)
	for i := range s {
		t := h[headerSize+i*tableEntry:]
		off, n, sum, elem := ne.Uint64(t), ne.Uint64(t[8:]), ne.Uint32(t[16:]), ne.Uint32(t[20:])
		if off < end || off%sectionAlign != 0 || off > uint64(len(b)) || n > uint64(len(b))-off || elem != elemSize[i] || n%uint64(elem) != 0 || n >= 1<<32 {
			return nil, graphID{}, damaged("section %d is out of place", i)
		}
		s[i], sums[i] = b[off:off+n:off+n], sum
		end = off + n
	}
	var otherErr error
	var wg sync.WaitGroup
	if page.hot != nil {
		page.hot(b[:ne.Uint64(h[headerSize+int(firstCold)*tableEntry:])])
	}
	wg.Go(func() { otherErr = s.check(firstCold, numSections, &sums, page.cold) })
	err := s.check(0, firstCold, &sums, nil)
	if err == nil {
		err = validate(&s) // of what is cold it looks at lengths only
	}
	wg.Wait()
	if err == nil {
		err = otherErr
	}
	if err != nil {
		return nil, graphID{}, err
	}
	return &s, graphID(b[16:32]), nil
}

// check compares the checksums of some sections and tells done of bytes it has no more use for.
func (s *sections) check(from, to section, sums *[numSections]uint32, done func([]byte)) error {
	const piece = 1 << 20
	for i := from; i < to; i++ {
		sum := uint32(0)
		for rest := s[i]; len(rest) > 0; {
			n := min(len(rest), piece)
			sum = crc32.Update(sum, castagnoli, rest[:n])
			if done != nil {
				done(rest[:n])
			}
			rest = rest[n:]
		}
		if sum != sums[i] {
			return damaged("section %d is damaged", int(i))
		}
	}
	return nil
}
