// Package reapi writes the messages of the Remote Execution API v2 that name work and trees, in canonical form: fields in
// number order, default values left out, children, variables, properties and output paths sorted. Protobuf's own
// "deterministic" encoding promises less. The encoders append to a buffer and allocate nothing, so that a key costs about
// as much as its SHA-256. The package knows no store and does no I/O.
//
// Source of field numbers and of the rules for order: build/bazel/remote/execution/v2/remote_execution.proto.
package reapi

import (
	"encoding/hex"
	"math/bits"

	"github.com/cairn-build/cairn/cache/digest"
)

// Every field number here is below 16, so a tag is one byte: number<<3 | wire type.
const (
	varintType = 0
	bytesType  = 2
)

func sizeVarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func appendVarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// sizeLen gives the size of a length-delimited field whose content has n bytes.
func sizeLen(n int) int { return 1 + sizeVarint(uint64(n)) + n }

func appendHead(dst []byte, field byte, n int) []byte {
	return appendVarint(append(dst, field<<3|bytesType), uint64(n))
}

func appendElem(dst []byte, field byte, s string) []byte {
	return append(appendHead(dst, field, len(s)), s...)
}

// sizeString and appendString are for singular fields: an empty string is the default and is left out.
func sizeString(s string) int {
	if s == "" {
		return 0
	}
	return sizeLen(len(s))
}

func appendString(dst []byte, field byte, s string) []byte {
	if s == "" {
		return dst
	}
	return appendElem(dst, field, s)
}

func appendBool(dst []byte, field byte, b bool) []byte {
	if !b {
		return dst
	}
	return append(dst, field<<3|varintType, 1)
}

func sizeDigest(d digest.Digest) int {
	n := 2 + 64
	if d.Size != 0 {
		n += 1 + sizeVarint(uint64(d.Size))
	}
	return n
}

// AppendDigest appends a Digest message. The zero digest, which stands for none, is the empty message.
func AppendDigest(dst []byte, d digest.Digest) []byte {
	if d.IsZero() {
		return dst
	}
	dst = append(dst, 1<<3|bytesType, 64)
	dst = hex.AppendEncode(dst, d.Hash[:])
	if d.Size != 0 {
		dst = appendVarint(append(dst, 2<<3|varintType), uint64(d.Size))
	}
	return dst
}

// sizeDigestField and appendDigestField leave out the zero digest: an unset message.
func sizeDigestField(d digest.Digest) int {
	if d.IsZero() {
		return 0
	}
	return sizeLen(sizeDigest(d))
}

func appendDigestField(dst []byte, field byte, d digest.Digest) []byte {
	if d.IsZero() {
		return dst
	}
	return AppendDigest(appendHead(dst, field, sizeDigest(d)), d)
}
