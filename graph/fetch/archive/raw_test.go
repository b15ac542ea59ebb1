package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// Archives byte by byte, so that what a library would refuse to write is written.

type tarEntry struct {
	name, link string
	kind       byte // '0' by default
	mode       int64
	body       string
	size       int64             // where it is not len(body)
	pax        map[string]string // a header of the entry's own before it
}

func rawTar(entries ...tarEntry) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		if e.pax != nil {
			var recs strings.Builder
			for k, v := range e.pax {
				recs.WriteString(paxRecord(k, v))
			}
			tarBlock(&b, "PaxHeaders/x", "", 'x', 0o644, int64(recs.Len()), recs.String())
		}
		if e.kind == 0 {
			e.kind = '0'
		}
		if e.mode == 0 {
			e.mode = 0o644
		}
		if e.size == 0 {
			e.size = int64(len(e.body))
		}
		if len(e.name) > 100 {
			tarBlock(&b, "././@LongLink", "", 'L', 0o644, int64(len(e.name)+1), e.name+"\x00")
			e.name = e.name[:100]
		}
		if len(e.link) > 100 {
			tarBlock(&b, "././@LongLink", "", 'K', 0o644, int64(len(e.link)+1), e.link+"\x00")
			e.link = e.link[:100]
		}
		tarBlock(&b, e.name, e.link, e.kind, e.mode, e.size, e.body)
	}
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

func paxRecord(k, v string) string {
	n := len(k) + len(v) + 3
	for n != len(fmt.Sprint(n))+len(k)+len(v)+3 {
		n = len(fmt.Sprint(n)) + len(k) + len(v) + 3
	}
	return fmt.Sprintf("%d %s=%s\n", n, k, v)
}

func tarBlock(b *bytes.Buffer, name, link string, kind byte, mode, size int64, body string) {
	var h [512]byte
	copy(h[0:100], name)
	copy(h[100:], fmt.Sprintf("%07o\x00", mode))
	copy(h[108:], "0000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", size))
	copy(h[136:], "14731775700\x00")
	copy(h[148:], "        ")
	h[156] = kind
	copy(h[157:257], link)
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	b.Write(h[:])
	b.WriteString(body)
	if r := len(body) % 512; r != 0 {
		b.Write(make([]byte, 512-r))
	}
}

type zipEntry struct {
	name    string
	body    string
	mode    uint32 // Unix mode with type, 0100644 by default
	flags   uint16
	method  uint16
	claimed uint32 // uncompressed size, where it is a lie
	badSum  bool
}

func rawZip(entries ...zipEntry) []byte {
	var b, dir bytes.Buffer
	le := binary.LittleEndian
	for _, e := range entries {
		data := []byte(e.body)
		if e.method == 8 {
			var z bytes.Buffer
			w, _ := flate.NewWriter(&z, 6)
			w.Write(data)
			w.Close()
			data = z.Bytes()
		}
		size := uint32(len(e.body))
		if e.claimed != 0 {
			size = e.claimed
		}
		sum := crc32.ChecksumIEEE([]byte(e.body))
		if e.badSum {
			sum++
		}
		if e.mode == 0 {
			e.mode = 0o100644
		}
		common := le.AppendUint16(nil, 20)
		common = le.AppendUint16(common, e.flags)
		common = le.AppendUint16(common, e.method)
		common = le.AppendUint32(common, 0x5a21_6000)
		common = le.AppendUint32(common, sum)
		common = le.AppendUint32(common, uint32(len(data)))
		common = le.AppendUint32(common, size)
		common = le.AppendUint16(common, uint16(len(e.name)))
		common = le.AppendUint16(common, 0)
		at := b.Len()
		b.WriteString("PK\x03\x04")
		b.Write(common)
		b.WriteString(e.name)
		b.Write(data)
		dir.WriteString("PK\x01\x02")
		dir.Write(le.AppendUint16(nil, 3<<8|20))
		dir.Write(common)
		dir.Write(make([]byte, 6)) // comment's length, disk, internal attributes
		dir.Write(le.AppendUint32(le.AppendUint32(nil, e.mode<<16), uint32(at)))
		dir.WriteString(e.name)
	}
	at := b.Len()
	b.Write(dir.Bytes())
	b.WriteString("PK\x05\x06\x00\x00\x00\x00")
	n := uint16(len(entries))
	tail := le.AppendUint16(le.AppendUint16(nil, n), n)
	tail = le.AppendUint32(le.AppendUint32(tail, uint32(dir.Len())), uint32(at))
	b.Write(le.AppendUint16(tail, 0))
	return b.Bytes()
}
