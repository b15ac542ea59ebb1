package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

type kind uint8

const (
	isFile kind = iota + 1
	isDir
	isLink
)

// unpacker writes entries below dst and remembers what it wrote. Nothing else writes there, so what it remembers is what
// is there; os.Root is the second line.
type unpacker struct {
	ctx     context.Context
	o       Options
	dst     *os.Root
	kinds   map[string]kind   // by path
	folded  map[string]string // path as a file system that folds names sees it -> path
	entries int
	bytes   int64
	buf     []byte
}

// errTooLarge says that the content is beyond all reason.
var errTooLarge = errors.New("too large")

func (u *unpacker) tooLarge() error {
	return fmt.Errorf("the archive's content is larger than %d MiB, which is out of proportion: %w", u.o.MaxBytes>>20, errTooLarge)
}

func refuse(name, format string, args ...any) error {
	return &EntryError{Name: name, Reason: fmt.Sprintf(format, args...)}
}

// next counts an entry.
func (u *unpacker) next() error {
	if u.entries++; u.entries > u.o.MaxEntries {
		return fmt.Errorf("the archive has more than %d entries", u.o.MaxEntries)
	}
	return u.ctx.Err()
}

// claim takes path p for an entry called name, making the folders above it.
func (u *unpacker) claim(name, p string, k kind) error {
	for i := range len(p) {
		if p[i] != '/' {
			continue
		}
		switch up := p[:i]; u.kinds[up] {
		case isDir:
		case 0:
			if err := u.record(name, up, isDir); err != nil {
				return err
			}
			if err := u.dst.Mkdir(up, 0o755); err != nil {
				return err
			}
		case isLink:
			return refuse(name, "lies below %q, which is a link", up)
		default:
			return refuse(name, "lies below %q, which is a file", up)
		}
	}
	return u.record(name, p, k)
}

func (u *unpacker) record(name, p string, k kind) error {
	if _, ok := u.kinds[p]; ok {
		return refuse(name, "is there twice")
	}
	f := fold(p)
	if other, ok := u.folded[f]; ok {
		return refuse(name, "and %q are the same name where case or Unicode's forms do not count", other)
	}
	u.kinds[p], u.folded[f] = k, p
	return nil
}

func (u *unpacker) dir(name string) error {
	p, ok, err := u.place(name)
	if err != nil || !ok {
		return err
	}
	if u.kinds[p] == isDir {
		return nil
	}
	if err := u.claim(name, p, isDir); err != nil {
		return err
	}
	return u.dst.Mkdir(p, 0o755)
}

func (u *unpacker) file(name string, executable bool, r io.Reader) error {
	p, ok, err := u.place(name)
	if err != nil || !ok {
		return err
	}
	if err := u.claim(name, p, isFile); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	f, err := u.dst.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	err = u.copy(f, r)
	if e := f.Chmod(mode); err == nil { // whatever the umask
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func (u *unpacker) copy(w io.Writer, r io.Reader) error {
	if u.buf == nil {
		u.buf = make([]byte, 128<<10)
	}
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(u.buf)
		if u.bytes += int64(n); u.bytes > u.o.MaxBytes {
			return u.tooLarge()
		}
		if n > 0 {
			if _, err := w.Write(u.buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return asDamage(err)
		}
	}
}

// asDamage leaves this package's own errors as they are.
func asDamage(err error) error {
	if errors.Is(err, errTooLarge) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return damaged(err)
}

// symlink makes a link. Its target may climb at its start only: the folders above a link are real ones, so that is exact,
// and what follows cannot leave, since each link on the way is itself such a link.
func (u *unpacker) symlink(name, target string) error {
	p, ok, err := u.place(name)
	if err != nil || !ok {
		return err
	}
	if why := badText(target); why != "" {
		return refuse(name, "links to %.300q, which %s", target, why)
	}
	if strings.HasPrefix(target, "/") {
		return refuse(name, "links to %q, an absolute path", target)
	}
	depth, climbing := strings.Count(p, "/"), true
	for _, part := range strings.Split(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			climbing = false
		case !climbing:
			return refuse(name, "links to %q, which climbs in its middle", target)
		case depth == 0:
			return refuse(name, "links to %q, which is outside", target)
		default:
			depth--
		}
	}
	if err := u.claim(name, p, isLink); err != nil {
		return err
	}
	return u.dst.Symlink(target, p)
}

// hardlink makes name another name of a file that came before.
func (u *unpacker) hardlink(name, target string) error {
	p, ok, err := u.place(name)
	if err != nil || !ok {
		return err
	}
	t, ok, err := u.place(target)
	if err != nil {
		return refuse(name, "is a hard link to %q, which is refused as a name", target)
	}
	if !ok || u.kinds[t] != isFile {
		return refuse(name, "is a hard link to %q, which is no file that came before it", target)
	}
	if err := u.claim(name, p, isFile); err != nil {
		return err
	}
	return u.dst.Link(t, p)
}
