package reapi

import (
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
)

// FileNode is a file of a Directory.
type FileNode struct {
	Name   string
	Digest digest.Digest
	Exec   bool
}

// DirectoryNode is a folder of a Directory: the digest is that of its own Directory message.
type DirectoryNode struct {
	Name   string
	Digest digest.Digest
}

// SymlinkNode is a symbolic link of a Directory.
type SymlinkNode struct {
	Name   string
	Target string
}

// Directory is one folder.
type Directory struct {
	Files       []FileNode
	Directories []DirectoryNode
	Symlinks    []SymlinkNode
}

// Tree is a root folder with all the folders below it.
type Tree struct {
	Root     Directory
	Children []Directory
}

// Sort puts the children in canonical order, by name.
func (d *Directory) Sort() {
	byName(d.Files, func(n *FileNode) string { return n.Name })
	byName(d.Directories, func(n *DirectoryNode) string { return n.Name })
	byName(d.Symlinks, func(n *SymlinkNode) string { return n.Name })
}

func byName[T any](s []T, name func(*T) string) {
	for i := 1; i < len(s); i++ {
		if name(&s[i-1]) > name(&s[i]) {
			slices.SortStableFunc(s, func(a, b T) int { return strings.Compare(name(&a), name(&b)) })
			return
		}
	}
}

func sizeFileNode(n *FileNode) int {
	size := sizeString(n.Name) + sizeDigestField(n.Digest)
	if n.Exec {
		size += 2
	}
	return size
}

// AppendFileNode appends a FileNode message.
func AppendFileNode(dst []byte, n *FileNode) []byte {
	dst = appendString(dst, 1, n.Name)
	dst = appendDigestField(dst, 2, n.Digest)
	return appendBool(dst, 4, n.Exec)
}

func sizeDirectoryNode(n *DirectoryNode) int { return sizeString(n.Name) + sizeDigestField(n.Digest) }

// AppendDirectoryNode appends a DirectoryNode message.
func AppendDirectoryNode(dst []byte, n *DirectoryNode) []byte {
	return appendDigestField(appendString(dst, 1, n.Name), 2, n.Digest)
}

func sizeSymlinkNode(n *SymlinkNode) int { return sizeString(n.Name) + sizeString(n.Target) }

// AppendSymlinkNode appends a SymlinkNode message.
func AppendSymlinkNode(dst []byte, n *SymlinkNode) []byte {
	return appendString(appendString(dst, 1, n.Name), 2, n.Target)
}

func appendFileField(dst []byte, n *FileNode) []byte {
	return AppendFileNode(appendHead(dst, 1, sizeFileNode(n)), n)
}

func appendDirectoryField(dst []byte, n *DirectoryNode) []byte {
	return AppendDirectoryNode(appendHead(dst, 2, sizeDirectoryNode(n)), n)
}

func appendSymlinkField(dst []byte, n *SymlinkNode) []byte {
	return AppendSymlinkNode(appendHead(dst, 3, sizeSymlinkNode(n)), n)
}

func sizeDirectory(d *Directory) int {
	size := 0
	for i := range d.Files {
		size += sizeLen(sizeFileNode(&d.Files[i]))
	}
	for i := range d.Directories {
		size += sizeLen(sizeDirectoryNode(&d.Directories[i]))
	}
	for i := range d.Symlinks {
		size += sizeLen(sizeSymlinkNode(&d.Symlinks[i]))
	}
	return size
}

// AppendDirectory appends a Directory message. Children that are out of order are sorted in place first.
func AppendDirectory(dst []byte, d *Directory) []byte {
	d.Sort()
	for i := range d.Files {
		dst = appendFileField(dst, &d.Files[i])
	}
	for i := range d.Directories {
		dst = appendDirectoryField(dst, &d.Directories[i])
	}
	for i := range d.Symlinks {
		dst = appendSymlinkField(dst, &d.Symlinks[i])
	}
	return dst
}

// AppendTree appends a Tree message. The caller orders Children, as the API leaves their order open.
func AppendTree(dst []byte, t *Tree) []byte {
	dst = AppendDirectory(appendHead(dst, 1, sizeDirectory(&t.Root)), &t.Root)
	for i := range t.Children {
		dst = AppendDirectory(appendHead(dst, 2, sizeDirectory(&t.Children[i])), &t.Children[i])
	}
	return dst
}
