package state

import (
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
)

// The journal lies beside the snapshot and holds the facts that were set since it was written:
//
//	 0  magic "cairnJL\n"
//	 8  u32 version, u32 crc32c of the 24 bytes that follow
//	16  the id of the graph whose facts these are
//	32  u64 epoch: random, new whenever the journal is emptied
//	40  batches: u32 length, u32 crc32c of the ops, ops (see ops.go)
//
// A batch counts as a whole or not at all. Replay stops at the first one that is torn or damaged; what was there is lost,
// and the next who writes cuts it off. Replaying a batch twice does no harm, so that a snapshot that holds its journal's
// facts already (a process was killed between the two steps of a compaction) is right. A journal of another graph is
// ignored. A process that finds another epoch than the one it knows has missed facts that are in the snapshot by now: it
// appends, but compacts no more.
//
// Writers hold an exclusive lock (flock) on the journal while they append, cut or compact, readers a shared one while they
// map the snapshot and read the journal. A lock dies with its process. Where the file system has no locks, none is taken.
const (
	journalMagic = "cairnJL\n"
	journalHead  = 40
	batchHead    = 8
)

// journal is a graph's link to its file. The graph's mu guards it.
type journal struct {
	snapshot string
	path     string
	size     int64 // of the snapshot
	end      int64 // where the batches that this process knows end; 0 where there was no journal
	epoch    uint64
	behind   bool // someone else has compacted
	pending  ops  // set here and not yet written
}

func journalPath(snapshot string) string {
	if base, ok := trimSuffix(snapshot, ".graph"); ok {
		return base + ".journal"
	}
	return snapshot + ".journal"
}

func trimSuffix(s, suffix string) (string, bool) {
	if len(s) > len(suffix) && s[len(s)-len(suffix):] == suffix {
		return s[:len(s)-len(suffix)], true
	}
	return s, false
}

// log encodes a fact for the journal of a graph that has one.
func (g *Graph) log(f func(*ops)) {
	if g.journal != nil {
		f(&g.journal.pending)
	}
}

func journalHeader(id graphID, epoch uint64) []byte {
	b := append(make([]byte, 0, journalHead), journalMagic...)
	b = le.AppendUint32(b, formatVersion)
	b = append(le.AppendUint32(b, 0), id[:]...)
	b = le.AppendUint64(b, epoch)
	le.PutUint32(b[12:], crc32.Checksum(b[16:], castagnoli))
	return b
}

// epochOf says whether b begins with the header of a journal of id, and of which epoch.
func epochOf(b []byte, id graphID) (uint64, bool) {
	if len(b) < journalHead {
		return 0, false
	}
	epoch := le.Uint64(b[32:])
	return epoch, string(b[:journalHead]) == string(journalHeader(id, epoch))
}

// batches calls f with the ops of each whole batch and gives how many bytes they take. It stops where f says false.
func batches(b []byte, f func([]byte) bool) (valid int) {
	for {
		rest := b[valid:]
		if len(rest) < batchHead {
			return valid
		}
		n, sum := int64(le.Uint32(rest)), le.Uint32(rest[4:])
		if n == 0 || n > int64(len(rest)-batchHead) {
			return valid
		}
		ops := rest[batchHead : batchHead+n]
		if crc32.Checksum(ops, castagnoli) != sum || !f(ops) {
			return valid
		}
		valid += batchHead + int(n)
	}
}

func appendBatch(b, ops []byte) []byte {
	b = le.AppendUint32(b, uint32(len(ops)))
	b = le.AppendUint32(b, crc32.Checksum(ops, castagnoli))
	return append(b, ops...)
}

// replay sets the facts of a whole journal, as read by Open, and remembers where it ends.
func (g *Graph) replay(b []byte) {
	epoch, ok := epochOf(b, g.id)
	if !ok {
		return
	}
	g.journal.epoch = epoch
	g.journal.end = journalHead + int64(batches(b[journalHead:], g.apply))
}

// catchUp takes over what other processes have appended since. It says false where the snapshot is another graph by now; a
// journal that does not belong to the snapshot is as good as empty. The caller holds the lock on f and g.mu.
func (g *Graph) catchUp(f *os.File) (bool, error) {
	j := g.journal
	if snapshotID(j.snapshot) != g.id {
		return false, nil
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	head := make([]byte, journalHead)
	if n, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return false, err
	} else if epoch, ok := epochOf(head[:n], g.id); !ok {
		j.end = 0
		return true, nil
	} else if epoch != j.epoch || j.end == 0 {
		j.epoch, j.end, j.behind = epoch, journalHead, true
	}
	j.end = min(j.end, info.Size())
	if info.Size() == j.end {
		return true, nil
	}
	rest := make([]byte, info.Size()-j.end)
	if n, err := f.ReadAt(rest, j.end); err != nil && err != io.EOF {
		return false, err
	} else {
		rest = rest[:n]
	}
	j.end += int64(batches(rest, g.apply))
	// What was set here is newer than what came; it is not written yet, so it will follow in the journal as well.
	g.apply(j.pending.b)
	return true, nil
}

// write appends what is pending as one batch. The caller holds the lock on f, g.mu, and has caught up.
func (g *Graph) write(f *os.File) error {
	j := g.journal
	if len(j.pending.b) == 0 {
		return nil
	}
	var b []byte
	at := j.end
	if at == 0 {
		j.epoch = rand.Uint64()
		b = journalHeader(g.id, j.epoch)
	}
	b = appendBatch(b, j.pending.b)
	if err := f.Truncate(at); err != nil { // cuts off what a killed process left
		return err
	}
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	j.end = at + int64(len(b))
	j.pending.b = j.pending.b[:0]
	return nil
}

// snapshotID reads whose snapshot lies at path; zero where there is none.
func snapshotID(path string) (id graphID) {
	f, err := os.Open(path)
	if err != nil {
		return id
	}
	defer f.Close()
	var head [32]byte
	if _, err := f.ReadAt(head[:], 0); err == nil && string(head[:len(magic)]) == magic {
		copy(id[:], head[16:])
	}
	return id
}
