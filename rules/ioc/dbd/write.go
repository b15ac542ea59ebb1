package dbd

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Write gives db as one dbd file without includes, in the form and order that EPICS' own expansion has: menus, record types each with
// its device supports, drivers, links, registrars, functions, variables, breakpoint tables. Foreign things are left out.
func Write(db *Database) []byte {
	var b bytes.Buffer
	for _, m := range db.Menus {
		if !m.Foreign {
			writeMenu(&b, m)
		}
	}
	devices := slices.Clone(db.Devices)
	slices.SortStableFunc(devices, func(x, y Device) int { return cmp.Compare(x.RecordType, y.RecordType) })
	upTo := func(name string) {
		for len(devices) > 0 && (name == "" || devices[0].RecordType <= name) {
			d := devices[0]
			fmt.Fprintf(&b, "device(%s, %s, %s, %s)\n", d.RecordType, d.Link, d.Symbol, quote(d.Choice))
			devices = devices[1:]
		}
	}
	for _, t := range db.RecordTypes {
		for len(devices) > 0 && devices[0].RecordType < t.Name {
			upTo(devices[0].RecordType)
		}
		if !t.Foreign {
			writeRecordType(&b, t)
		}
		upTo(t.Name)
	}
	upTo("")
	for _, s := range db.Drivers {
		fmt.Fprintf(&b, "driver(%s)\n", s.Name)
	}
	for _, l := range db.Links {
		fmt.Fprintf(&b, "link(%s, %s)\n", word(l.Name), l.Symbol)
	}
	for _, s := range db.Registrars {
		fmt.Fprintf(&b, "registrar(%s)\n", s.Name)
	}
	for _, s := range db.Functions {
		fmt.Fprintf(&b, "function(%s)\n", s.Name)
	}
	for _, v := range db.Variables {
		fmt.Fprintf(&b, "variable(%s, %s)\n", v.Name, v.Type)
	}
	for _, t := range db.BreakTables {
		writeBreakTable(&b, t)
	}
	return b.Bytes()
}

// WriteMenu gives a menu as a dbd file of its own.
func WriteMenu(m Menu) []byte {
	var b bytes.Buffer
	writeMenu(&b, m)
	return b.Bytes()
}

// WriteRecordType gives a record type as a dbd file of its own.
func WriteRecordType(t RecordType) []byte {
	var b bytes.Buffer
	writeRecordType(&b, t)
	return b.Bytes()
}

func writeMenu(b *bytes.Buffer, m Menu) {
	fmt.Fprintf(b, "menu(%s) {\n", m.Name)
	for _, c := range m.Choices {
		fmt.Fprintf(b, "    choice(%s, %s)\n", c.Name, quote(c.Text))
	}
	b.WriteString("}\n")
}

func writeRecordType(b *bytes.Buffer, t RecordType) {
	fmt.Fprintf(b, "recordtype(%s) {\n", t.Name)
	for _, c := range t.C {
		b.WriteString("    %" + c + "\n")
	}
	for _, f := range t.Fields {
		fmt.Fprintf(b, "    field(%s, %s) {\n", f.Name, f.Type)
		for _, a := range attributes {
			v, ok := f.Attrs[a]
			if !ok {
				continue
			}
			switch a {
			case "prompt", "promptgroup", "initial", "extra":
				v = quote(v)
			}
			fmt.Fprintf(b, "        %s(%s)\n", a, v)
		}
		b.WriteString("    }\n")
	}
	b.WriteString("}\n")
}

func writeBreakTable(b *bytes.Buffer, t BreakTable) {
	fmt.Fprintf(b, "breaktable(%s) {\n", word(t.Name))
	for _, p := range t.Points {
		fmt.Fprintf(b, "\t%s %s\n", p[0], p[1])
	}
	b.WriteString("}\n")
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(s string) string { return `"` + quoter.Replace(s) + `"` }

// word gives s without quotes where it can stand so.
func word(s string) string {
	for i := range len(s) {
		if !inWord(s[i]) {
			return quote(s)
		}
	}
	if s == "" {
		return quote(s)
	}
	return s
}
