// Package archive unpacks archives that nobody vouches for. An entry that would lie outside the folder, hide behind
// another name or be more than a file, a folder or a link within is refused by name. It knows neither digests nor caches.
package archive

import (
	"compress/bzip2"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Formats are the names that Unpack knows.
var Formats = []string{"tar", "tar.bz2", "tar.gz", "tar.zst", "zip"}

// Options says how to unpack and how much is too much. Zero values mean the defaults.
type Options struct {
	Strip      int   // leading parts of each path that are dropped; entries with no more parts are left out
	MaxBytes   int64 // of all files together; default 32 GiB
	MaxEntries int   // default 2,000,000
}

const (
	defaultMaxBytes   = 32 << 30
	defaultMaxEntries = 2_000_000
	// maxRatio is how much larger than the archive its content may be, past freeBytes. No real source is near it; deflate
	// alone reaches 1,000, the others far more.
	maxRatio  = 200
	freeBytes = 64 << 20
)

// EntryError says why one entry was refused.
type EntryError struct {
	Name   string // as the archive has it
	Reason string // completes "the entry ..."
}

// Error implements error.
func (e *EntryError) Error() string { return fmt.Sprintf("the entry %.300q %s", e.Name, e.Reason) }

// Unpack writes what the archive in src holds below dst, which must be empty. Files are 0644, or 0755 where the archive
// lets anyone execute them; folders are 0755; times and owners are dropped. After an error dst holds a part of the content.
// An *EntryError is a refusal; another error says that the archive is damaged, or that dst could not be written.
func Unpack(ctx context.Context, src io.ReaderAt, size int64, format string, o Options, dst *os.Root) error {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = defaultMaxEntries
	}
	if size < (1<<62)/maxRatio {
		o.MaxBytes = min(o.MaxBytes, max(freeBytes, size*maxRatio))
	}
	u := &unpacker{ctx: ctx, o: o, dst: dst, kinds: map[string]kind{}, folded: map[string]string{}}
	if err := u.format(src, size, format); err != nil {
		return err
	}
	if len(u.kinds) == 0 && u.entries > 0 && o.Strip > 0 {
		return fmt.Errorf("strip = %d leaves nothing of the archive", o.Strip)
	}
	return nil
}

func (u *unpacker) format(src io.ReaderAt, size int64, format string) error {
	r := io.Reader(io.NewSectionReader(src, 0, size))
	switch format {
	case "tar":
		return u.tar(r)
	case "tar.gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return damaged(err)
		}
		return u.tar(z)
	case "tar.bz2":
		return u.tar(bzip2.NewReader(r))
	case "tar.zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return damaged(err)
		}
		defer z.Close()
		return u.tar(z)
	case "zip":
		return u.zip(src, size)
	case "tar.xz":
		return fmt.Errorf("archives in the format tar.xz cannot be unpacked")
	}
	return fmt.Errorf("internal error: unknown archive format %q", format)
}

func damaged(err error) error { return fmt.Errorf("the archive is damaged: %w", err) }
