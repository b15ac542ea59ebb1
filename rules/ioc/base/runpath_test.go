package base

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// library gives a shared library in which nothing is but what it says of other libraries: strs is its table of texts, and runpath where in it
// the folders stand.
func library(strs string, runpath uint64) []byte {
	const names = "\x00.dynstr\x00.dynamic\x00.shstrtab\x00"
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // to a buffer
	head := uint64(binary.Size(elf.Header64{}))
	dynamic := head + uint64(len(strs))
	dyn := []elf.Dyn64{{Tag: int64(elf.DT_RUNPATH), Val: runpath}, {Tag: int64(elf.DT_NULL)}}
	text := dynamic + uint64(binary.Size(dyn))
	sections := text + uint64(len(names))
	put(elf.Header64{Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}, Type: uint16(elf.ET_DYN),
		Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Shoff: sections, Ehsize: uint16(head), Shentsize: 64, Shnum: 4, Shstrndx: 3})
	b.WriteString(strs)
	put(dyn)
	b.WriteString(names)
	put([]elf.Section64{{},
		{Name: 1, Type: uint32(elf.SHT_STRTAB), Off: head, Size: uint64(len(strs))},
		{Name: 9, Type: uint32(elf.SHT_DYNAMIC), Off: dynamic, Size: text - dynamic, Link: 1, Entsize: 16},
		{Name: 18, Type: uint32(elf.SHT_STRTAB), Off: text, Size: uint64(len(names))}})
	return b.Bytes()
}

const someStrings = "\x00libCom.so\x00/opt/base/lib/linux-x86_64:/usr/lib\x00last\x00"

func TestRelocate(t *testing.T) {
	b := library(someStrings, 11)
	was := bytes.Clone(b)
	if !relocate(b, "/lib/linux-x86_64", "$ORIGIN/../lib") {
		t.Fatal("nothing is changed")
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.DynString(elf.DT_RUNPATH); err != nil || len(got) != 1 || got[0] != "$ORIGIN/../lib:/usr/lib" {
		t.Errorf("%q %v", got, err)
	}
	if len(b) != len(was) || !bytes.HasSuffix(b, was[len(was)-300:]) {
		t.Error("more than the text is changed")
	}
	if relocate(b, "/lib/linux-x86_64", "$ORIGIN/../lib") {
		t.Error("it is changed again")
	}
	if relocate(bytes.Clone(was), "/lib/linux-arm", "$ORIGIN/../lib") {
		t.Error("another architecture's folder counts")
	}
	if relocate(bytes.Clone(was), "/lib/linux-x86_64", string(make([]byte, 100))) {
		t.Error("what is longer than the text is put there")
	}
}

func FuzzRelocate(f *testing.F) {
	f.Add(library(someStrings, 11))
	f.Add(library(someStrings, 1<<40))
	f.Add(library("/lib/linux-x86_64", 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		was := len(b)
		relocate(b, "/lib/linux-x86_64", "$ORIGIN/../lib")
		if len(b) != was {
			t.Error("its size is another")
		}
	})
}
