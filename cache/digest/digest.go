// Package digest names bytes by what they are: SHA-256 and size, as REAPI's Digest message does. It imports nothing
// of ours and does no I/O of its own beyond reading a stream.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Hash is a SHA-256 sum. It is comparable; the zero Hash stands for none.
type Hash [32]byte

// String gives 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero says whether h stands for none.
func (h Hash) IsZero() bool { return h == Hash{} }

// Digest names a blob: its hash and its size in bytes. It is comparable; the zero Digest stands for none (the empty
// blob has a hash that is not zero, see Empty).
type Digest struct {
	Hash Hash
	Size int64
}

// Empty is the digest of no bytes at all.
var Empty = Of(nil)

// Of gives the digest of b.
func Of(b []byte) Digest { return Digest{Hash: sha256.Sum256(b), Size: int64(len(b))} }

// OfReader reads r to its end and gives the digest of what came.
func OfReader(r io.Reader) (Digest, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return Digest{}, err
	}
	d := Digest{Size: n}
	h.Sum(d.Hash[:0])
	return d, nil
}

// IsZero says whether d stands for none.
func (d Digest) IsZero() bool { return d.Hash.IsZero() }

// String gives "hex/size", the form that REAPI's resource names use.
func (d Digest) String() string { return d.Hash.String() + "/" + strconv.FormatInt(d.Size, 10) }

// Short gives the first 12 hex digits, for people.
func (d Digest) Short() string { return hex.EncodeToString(d.Hash[:6]) }

// ErrMalformed is what ParseHash and Parse return for text that is no hash or digest.
var ErrMalformed = errors.New("malformed digest")

// ParseHash reads 64 hex digits; upper case is refused, so that a hash has one spelling.
func ParseHash(s string) (Hash, error) {
	return parseHash(s)
}

// ParseHashBytes is ParseHash for bytes.
func ParseHashBytes(b []byte) (Hash, error) { return parseHash(b) }

func parseHash[T string | []byte](s T) (h Hash, err error) {
	ok := len(s) == 2*len(h)
	for i := 0; ok && i < len(h); i++ {
		hi, lo := digits[s[2*i]], digits[s[2*i+1]]
		h[i] = hi<<4 | lo&0xf
		ok = hi|lo < 0x10
	}
	if !ok {
		return Hash{}, fmt.Errorf("%w: %q is not 64 lower-case hex digits", ErrMalformed, string(s))
	}
	return h, nil
}

// digits gives what a hex digit stands for, and 0xff for any other byte. A tree of ten thousand files has as many hashes.
var digits = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// Parse reads what String writes.
func Parse(s string) (Digest, error) {
	hx, size, ok := strings.Cut(s, "/")
	if !ok {
		return Digest{}, fmt.Errorf("%w: %q has no size", ErrMalformed, s)
	}
	h, err := ParseHash(hx)
	if err != nil {
		return Digest{}, err
	}
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 {
		return Digest{}, fmt.Errorf("%w: %q has no size", ErrMalformed, s)
	}
	return Digest{Hash: h, Size: n}, nil
}
