package archive

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"strings"
)

// encrypted is the flag of an entry that needs a password (APPNOTE 4.4.4, bit 0).
const encrypted = 1

func (u *unpacker) zip(src io.ReaderAt, size int64) error {
	z, err := zip.NewReader(src, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // paths are our own matter
		return damaged(err)
	}
	for _, f := range z.File {
		if err := u.next(); err != nil {
			return err
		}
		if err := u.zipEntry(f); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) zipEntry(f *zip.File) error {
	mode := f.Mode()
	switch {
	case f.Flags&encrypted != 0:
		return refuse(f.Name, "is encrypted")
	case strings.HasSuffix(f.Name, "/") || mode.IsDir():
		if f.UncompressedSize64 != 0 {
			return refuse(f.Name, "is a folder with content")
		}
		return u.dir(f.Name)
	case mode.Type() != 0 && mode.Type() != fs.ModeSymlink:
		return refuse(f.Name, "is neither a file nor a folder nor a link")
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return refuse(f.Name, "is compressed in a way (%d) that is not known", f.Method)
	}
	if err != nil {
		return damaged(err)
	}
	defer r.Close()
	if mode.Type() == 0 {
		return u.file(f.Name, mode&0o111 != 0, r)
	}
	target, err := io.ReadAll(io.LimitReader(r, maxPath+1))
	if err != nil {
		return asDamage(err)
	}
	if len(target) > maxPath {
		return refuse(f.Name, "is a link with a target of more than %d bytes", maxPath)
	}
	return u.symlink(f.Name, string(target))
}
