package archive

import (
	"archive/tar"
	"io"
)

func (u *unpacker) tar(r io.Reader) error {
	t := tar.NewReader(&bounded{r: r, u: u, left: u.o.MaxBytes + int64(u.o.MaxEntries)*1024})
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return asDamage(err)
		}
		if err := u.next(); err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse:
			err = u.file(h.Name, h.Mode&0o111 != 0, t)
		case tar.TypeDir:
			err = u.dir(h.Name)
		case tar.TypeSymlink:
			err = u.symlink(h.Name, h.Linkname)
		case tar.TypeLink:
			err = u.hardlink(h.Name, h.Linkname)
		case tar.TypeXGlobalHeader:
		case tar.TypeChar, tar.TypeBlock:
			err = refuse(h.Name, "is a device")
		case tar.TypeFifo:
			err = refuse(h.Name, "is a named pipe")
		default:
			err = refuse(h.Name, "is of the unknown type %q", h.Typeflag)
		}
		if err != nil {
			return err
		}
	}
}

// bounded ends a decompressed stream that goes on and on, even where nothing of it is written.
type bounded struct {
	r    io.Reader
	u    *unpacker
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.u.tooLarge()
	}
	return n, err
}
