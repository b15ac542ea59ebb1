package dbd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// cTypes are the types in C of fields; those of DBF_STRING and DBF_NOACCESS depend on the field.
var cTypes = map[string]string{"DBF_CHAR": "epicsInt8", "DBF_UCHAR": "epicsUInt8", "DBF_SHORT": "epicsInt16", "DBF_USHORT": "epicsUInt16",
	"DBF_LONG": "epicsInt32", "DBF_ULONG": "epicsUInt32", "DBF_INT64": "epicsInt64", "DBF_UINT64": "epicsUInt64", "DBF_FLOAT": "epicsFloat32",
	"DBF_DOUBLE": "epicsFloat64", "DBF_ENUM": "epicsEnum16", "DBF_MENU": "epicsEnum16", "DBF_DEVICE": "epicsEnum16", "DBF_INLINK": "DBLINK",
	"DBF_OUTLINK": "DBLINK", "DBF_FWDLINK": "DBLINK"}

// HeaderName gives the name of a record type's header: "aiRecord.h".
func HeaderName(t RecordType) string {
	if t.Name == "dbCommon" {
		return "dbCommon.h" // what all record types begin with, which is none itself
	}
	return t.Name + "Record.h"
}

// RecordHeader gives the header of a record type: its lines of C, menus, the struct, the numbers of its fields, and the function that
// tells an IOC their sizes and offsets, for the file that defines GEN_SIZE_OFFSET. menus are those that are defined with the record type,
// in the order to write them (Database.Declared); source is the file's name for the header's first lines: "aiRecord.dbd".
//
// It has the form of the headers that ship with EPICS, byte for byte but for two things: EPICS writes several menus of one
// record type in an order of its own, and a prompt that would start or end a comment is written with a space.
func RecordHeader(t RecordType, menus []Menu, source string) []byte {
	var b bytes.Buffer
	name := strings.TrimSuffix(HeaderName(t), ".h")
	fmt.Fprintf(&b, "/** @file %s.h\n * @brief Declarations for the @ref %s \"%s\" record type.\n *\n * This header was generated from %s\n */\n\n", name, name, t.Name, source)
	fmt.Fprintf(&b, "#ifndef INC_%s_H\n#define INC_%s_H\n\n", name, name)
	for _, c := range t.C {
		b.WriteString(c + "\n")
	}
	b.WriteString("\n")
	for _, m := range menus {
		writeEnum(&b, m)
	}
	what := t.Name + " record type."
	if t.Name == "dbCommon" {
		what = t.Name
	}
	fmt.Fprintf(&b, "/** @brief Declaration of %s */\ntypedef struct %s {\n", what, name)
	for _, f := range t.Fields {
		fmt.Fprintf(&b, "    %-31s /**< @brief %s */\n", f.declaration(), comment(f.Attrs["prompt"]))
	}
	fmt.Fprintf(&b, "} %s;\n\n", name)
	if t.Name != "dbCommon" {
		writeFieldNumbers(&b, t, name)
		writeSizeOffset(&b, t, name)
	}
	fmt.Fprintf(&b, "\n#endif /* INC_%s_H */\n", name)
	return b.Bytes()
}

// MenuHeader gives the header of menus that a file defines; source is the file's name: "menuScan.dbd" makes menuScan.h.
func MenuHeader(menus []Menu, source string) []byte {
	var b bytes.Buffer
	name := strings.TrimSuffix(source, ".dbd")
	guard := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || isName("x"+string(r))) {
			return r
		}
		return '_'
	}, name)
	fmt.Fprintf(&b, "/** @file %s.h\n * @brief Declarations generated from %s\n */\n\n#ifndef INC_%s_H\n#define INC_%s_H\n\n", name, source, guard, guard)
	for _, m := range menus {
		writeEnum(&b, m)
	}
	fmt.Fprintf(&b, "\n#endif /* INC_%s_H */\n", guard)
	return b.Bytes()
}

// writeEnum writes a menu as an enumeration.
func writeEnum(b *bytes.Buffer, m Menu) {
	fmt.Fprintf(b, "#ifndef %s_NUM_CHOICES\n/** @brief Enumerated type from menu %s */\ntypedef enum {\n", m.Name, m.Name)
	for i, c := range m.Choices {
		comma := ","
		if i == len(m.Choices)-1 {
			comma = ""
		}
		fmt.Fprintf(b, "    %-31s /**< @brief State string \"%s\" */%s\n", c.Name, comment(quoter.Replace(c.Text)), comma)
	}
	fmt.Fprintf(b, "} %s;\n/** @brief Number of states defined for menu %s */\n#define %s_NUM_CHOICES %d\n#endif\n\n", m.Name, m.Name, m.Name, len(m.Choices))
}

func writeFieldNumbers(b *bytes.Buffer, t RecordType, name string) {
	b.WriteString("typedef enum {\n")
	for i, f := range t.Fields {
		comma := ","
		if i == len(t.Fields)-1 {
			comma = ""
		}
		fmt.Fprintf(b, "\t%s%s = %d%s\n", name, f.Name, i, comma)
	}
	fmt.Fprintf(b, "} %sFieldIndex;\n\n", t.Name)
}

func writeSizeOffset(b *bytes.Buffer, t RecordType, name string) {
	n := len(t.Fields)
	b.WriteString("#ifdef GEN_SIZE_OFFSET\n\n#include <epicsExport.h>\n#include <cantProceed.h>\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n")
	fmt.Fprintf(b, "static int %sSizeOffset(dbRecordType *prt)\n{\n    %s *prec = 0;\n\n", name, name)
	fmt.Fprintf(b, "    if (prt->no_fields != %d) {\n        cantProceed(\"IOC build or installation error:\\n\"\n", n)
	fmt.Fprintf(b, "            \"    The %s defined in the DBD file has %%d fields,\\n\"\n", name)
	fmt.Fprintf(b, "            \"    but the record support code was built with %d.\\n\",\n            prt->no_fields);\n    }\n", n)
	for _, f := range t.Fields {
		at := fmt.Sprintf("    prt->papFldDes[%s%s]", name, f.Name)
		fmt.Fprintf(b, "%s->size = sizeof(prec->%s);\n%s->offset = (unsigned short)offsetof(%s, %s);\n", at, f.member(), at, name, f.member())
	}
	fmt.Fprintf(b, "    prt->rec_size = sizeof(*prec);\n    return 0;\n}\nepicsExportRegistrar(%sSizeOffset);\n\n", name)
	b.WriteString("#ifdef __cplusplus\n}\n#endif\n#endif /* GEN_SIZE_OFFSET */\n")
}

// declaration gives the field in the struct.
func (f Field) declaration() string {
	switch f.Type {
	case "DBF_STRING":
		return fmt.Sprintf("%-19s %s[%s];", "char", f.member(), f.Attrs["size"])
	case "DBF_NOACCESS":
		return f.Attrs["extra"] + ";"
	}
	return fmt.Sprintf("%-19s %s;", cTypes[f.Type], f.member())
}

// member gives the field's name in the struct: in small letters, but as it is where that would be a word of C or C++ (NOT of aSub).
func (f Field) member() string {
	if name := strings.ToLower(f.Name); !slices.Contains(reserved, name) {
		return name
	}
	return f.Name
}

var reserved = strings.Fields(` alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const const_cast constexpr continue
 decltype default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable
 namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast restrict return short signed
 sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned using
 virtual void volatile wchar_t while xor xor_eq `)

// comment makes s stand in a comment.
func comment(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "*/", "* /"), "/*", "/ *")
}
