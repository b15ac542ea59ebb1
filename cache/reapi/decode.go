package reapi

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/cache/digest"
)

// ErrMalformed is what DecodeDirectory returns, wrapped, for bytes that are no canonical Directory.
var ErrMalformed = errors.New("malformed directory message")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// CheckName says why name cannot be that of a file: empty, "." or "..", with a slash or a zero byte, or not UTF-8.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("an empty name")
	case name == "." || name == "..":
		return fmt.Errorf("%q is no name", name)
	case len(name) > 255:
		return fmt.Errorf("%q... is longer than 255 bytes", name[:40])
	case strings.IndexByte(name, '/') >= 0:
		return fmt.Errorf("%q has a slash", name)
	case strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("%q has a zero byte", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("%q is not UTF-8", name)
	}
	return nil
}

// DecodeDirectory reads a Directory message that may come from anywhere. It refuses names that are not names, children out
// of order, a name that is used twice, a child without a digest and anything that is not protobuf. Fields that it does not
// know (node properties) are skipped. The result shares no memory with b.
func DecodeDirectory(b []byte) (*Directory, error) {
	d := &Directory{}
	err := fields(b, func(field int, data []byte, _ uint64) error {
		switch field {
		case 1:
			var n FileNode
			if err := node(data, &n.Name, &n.Digest, nil, &n.Exec); err != nil {
				return err
			}
			d.Files = append(d.Files, n)
		case 2:
			var n DirectoryNode
			if err := node(data, &n.Name, &n.Digest, nil, nil); err != nil {
				return err
			}
			d.Directories = append(d.Directories, n)
		case 3:
			var n SymlinkNode
			if err := node(data, &n.Name, nil, &n.Target, nil); err != nil {
				return err
			}
			d.Symlinks = append(d.Symlinks, n)
		case 5:
			return properties(data)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, d.check()
}

// check walks the three sorted lists together, so that each name is seen once and in order.
func (d *Directory) check() error {
	f, s, l := d.Files, d.Directories, d.Symlinks
	prev, first := "", true
	for len(f)+len(s)+len(l) > 0 {
		which, name := -1, ""
		consider := func(i int, n string) {
			if which < 0 || n < name {
				which, name = i, n
			}
		}
		if len(f) > 0 {
			consider(0, f[0].Name)
		}
		if len(s) > 0 {
			consider(1, s[0].Name)
		}
		if len(l) > 0 {
			consider(2, l[0].Name)
		}
		switch {
		case !first && name == prev:
			return malformed("two entries are named %q", name)
		case !first && name < prev:
			return malformed("%q is out of order", name)
		}
		prev, first = name, false
		switch which {
		case 0:
			f = f[1:]
		case 1:
			s = s[1:]
		case 2:
			l = l[1:]
		}
	}
	return nil
}

// node reads any of the three node messages: field 1 is the name, field 2 the digest or the target, field 4 the bit.
func node(b []byte, name *string, d *digest.Digest, target *string, exec *bool) error {
	var seen [5]bool
	err := fields(b, func(field int, data []byte, v uint64) error {
		if field < len(seen) {
			if seen[field] {
				return malformed("field %d of a node is given twice", field)
			}
			seen[field] = true
		}
		switch {
		case field == 1:
			*name = string(data)
		case field == 2 && d != nil:
			return decodeDigest(data, d)
		case field == 2 && target != nil:
			*target = string(data)
		case field == 4 && exec != nil:
			*exec = v != 0
		case field == 4 && target != nil, field == 6 && exec != nil:
			return properties(data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := CheckName(*name); err != nil {
		return malformed("%v", err)
	}
	switch {
	case d != nil && d.IsZero():
		return malformed("%q has no digest", *name)
	case target != nil && *target == "":
		return malformed("the link %q leads nowhere", *name)
	case target != nil && (!utf8.ValidString(*target) || strings.IndexByte(*target, 0) >= 0):
		return malformed("the target of the link %q is no path", *name)
	}
	return nil
}

// properties looks at a NodeProperties message that is skipped: what is not read is to be protobuf all the same.
func properties(b []byte) error {
	return fields(b, func(field int, data []byte, _ uint64) error {
		switch field {
		case 1: // names and values
			return fields(data, func(field int, text []byte, _ uint64) error {
				if field <= 2 && !utf8.Valid(text) {
					return malformed("a property that is not UTF-8")
				}
				return nil
			})
		case 2, 3: // a time, a mode
			return fields(data, func(int, []byte, uint64) error { return nil })
		}
		return nil
	})
}

func decodeDigest(b []byte, d *digest.Digest) error {
	return fields(b, func(field int, data []byte, v uint64) error {
		switch field {
		case 1:
			h, err := digest.ParseHashBytes(data)
			if err != nil {
				return malformed("%v", err)
			}
			d.Hash = h
		case 2:
			if v > math.MaxInt64 {
				return malformed("a size below zero")
			}
			d.Size = int64(v)
		}
		return nil
	})
}

// fields gives each field of a message: its bytes where it is length-delimited, else its number. Fixed-width numbers, which
// no known field is, are skipped beyond field 4 and refused below.
func fields(b []byte, each func(field int, data []byte, v uint64) error) error {
	for len(b) > 0 {
		tag, n := uvarint(b)
		if n == 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return malformed("a bad tag")
		}
		b = b[n:]
		var data []byte
		var v uint64
		switch tag & 7 {
		case varintType:
			if v, n = uvarint(b); n == 0 {
				return malformed("a cut number")
			}
			b = b[n:]
		case bytesType:
			size, n := uvarint(b)
			if n == 0 || size > uint64(len(b)-n) {
				return malformed("a cut field")
			}
			data, b = b[n:n+int(size)], b[n+int(size):]
			if data == nil {
				data = []byte{}
			}
		case 1, 5:
			n = 8
			if tag&7 == 5 {
				n = 4
			}
			if len(b) < n {
				return malformed("a cut field")
			}
			b = b[n:]
			if tag>>3 <= 4 {
				return malformed("field %d has the wrong type", tag>>3)
			}
			continue
		default:
			return malformed("wire type %d", tag&7)
		}
		if err := each(int(tag>>3), data, v); err != nil {
			return err
		}
	}
	return nil
}

// uvarint gives 0 bytes read for a number that is cut or too long.
func uvarint(b []byte) (uint64, int) {
	var v uint64
	for i, c := range b {
		if i == 10 || i == 9 && c > 1 {
			return 0, 0
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
