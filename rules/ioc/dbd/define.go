package dbd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
)

var fieldTypes = []string{"DBF_STRING", "DBF_CHAR", "DBF_UCHAR", "DBF_SHORT", "DBF_USHORT", "DBF_LONG", "DBF_ULONG", "DBF_INT64", "DBF_UINT64", "DBF_FLOAT",
	"DBF_DOUBLE", "DBF_ENUM", "DBF_MENU", "DBF_DEVICE", "DBF_INLINK", "DBF_OUTLINK", "DBF_FWDLINK", "DBF_NOACCESS"}

var linkTypes = []string{"CONSTANT", "PV_LINK", "JSON_LINK", "VME_IO", "CAMAC_IO", "RF_IO", "AB_IO", "GPIB_IO", "BITBUS_IO", "BBGPIB_IO", "VXI_IO", "INST_IO"}

// menu defines a menu, or compares it with the one of that name.
func (e *expander) menu(it Item, from string, foreign bool) {
	name := it.Args[0]
	m := &Menu{Name: name.Text, Range: name.Range, Foreign: foreign, order: len(e.menus)}
	ok := e.named(name, "menu")
	taken := map[[2]string]bool{} // names of choices in C, and their texts
	e.body(it.Body, from, func(c Item) {
		switch {
		case c.Word != "choice":
			e.problem("dbd-place", c.Range, fmt.Sprintf("`%s` in the menu %s", c.Word, name.Text), "A menu holds choices.", "")
		case e.named(c.Args[0], "choice"):
			id, text := [2]string{"name", c.Args[0].Text}, [2]string{"text", c.Args[1].Text}
			if taken[id] || taken[text] {
				e.problem("dbd-conflict", c.Args[0].Range, fmt.Sprintf("The menu %s has the choice %q twice", name.Text, c.name()), "", "")
				return
			}
			taken[id], taken[text] = true, true
			m.Choices = append(m.Choices, Choice{c.Args[0].Text, c.Args[1].Text})
		}
	})
	if !ok {
		return
	}
	if old := e.menus[m.Name]; old != nil {
		if !slices.Equal(old.Choices, m.Choices) {
			e.twice("menu", m.Name, m.Range, old.Range)
		}
		old.Foreign = old.Foreign && foreign
		return
	}
	if len(m.Choices) == 0 {
		e.problem("dbd-empty", m.Range, fmt.Sprintf("The menu %s has no choices", m.Name), "", "")
	}
	e.menus[m.Name] = m
}

// recordType defines a record type, or compares it with the one of that name. An empty body is no definition but says that there is one.
func (e *expander) recordType(it Item, from string, foreign bool) {
	name := it.Args[0]
	if !e.named(name, "record type") || len(it.Body) == 0 {
		return
	}
	t := &RecordType{Name: name.Text, Range: name.Range, Foreign: foreign}
	at := map[string]diag.Range{}
	e.body(it.Body, from, func(f Item) {
		switch f.Word {
		case "%":
			t.C = append(t.C, f.Args[0].Text)
		case "field":
			if first, ok := at[f.Args[0].Text]; ok {
				e.problem("dbd-conflict", f.Args[0].Range, fmt.Sprintf("The record type %s has the field %s twice", t.Name, f.name()), "", "", diag.Related{Range: first, Text: "the first"})
				return
			}
			at[f.Args[0].Text] = f.Args[0].Range
			t.Fields = append(t.Fields, e.field(f))
		default:
			e.problem("dbd-place", f.Range, fmt.Sprintf("`%s` in the record type %s", f.Word, t.Name), "A record type holds fields and lines of C.", "")
		}
	})
	if old := e.types[t.Name]; old != nil {
		same := slices.EqualFunc(old.Fields, t.Fields, func(a, b Field) bool { return a.Name == b.Name && a.Type == b.Type && maps.Equal(a.Attrs, b.Attrs) })
		if !same {
			e.twice("record type", t.Name, t.Range, old.Range)
		}
		old.Foreign = old.Foreign && foreign
		return
	}
	e.types[t.Name] = t
}

// field reads a field and says which of its attributes no IOC would take.
func (e *expander) field(it Item) Field {
	f := Field{Name: it.Args[0].Text, Type: it.Args[1].Text, Attrs: map[string]string{}, Range: it.Args[0].Range}
	e.named(it.Args[0], "field")
	if !slices.Contains(fieldTypes, f.Type) {
		e.problem("dbd-value", it.Args[1].Range, fmt.Sprintf("Unknown type of fields %q", shorten(f.Type)), "", diag.DidYouMean(f.Type, fieldTypes))
	}
	for _, a := range it.Body {
		v := a.Args[0]
		if why := badAttribute(a.Word, v.Text); why != "" {
			e.problem("dbd-value", v.Range, fmt.Sprintf("Bad value %q of `%s`", shorten(v.Text), a.Word), why, "")
		}
		f.Attrs[a.Word] = v.Text
	}
	switch {
	case f.Type == "DBF_STRING" && f.Attrs["size"] == "":
		e.problem("dbd-value", f.Range, fmt.Sprintf("The field %s has no size", f.Name), "A DBF_STRING says how long it is: `size(40)`.", "")
	case f.Type == "DBF_NOACCESS" && f.Attrs["extra"] == "":
		e.problem("dbd-value", f.Range, fmt.Sprintf("The field %s has no declaration in C", f.Name), "A DBF_NOACCESS says what it is: `extra(\"void *ptr\")`.", "")
	case f.Type == "DBF_MENU" && f.Attrs["menu"] == "":
		e.problem("dbd-value", f.Range, fmt.Sprintf("The field %s has no menu", f.Name), "A DBF_MENU names its menu: `menu(menuYesNo)`.", "")
	}
	return f
}

// badAttribute says what is wrong with the value of a field's attribute, "" for nothing.
func badAttribute(attr, v string) string {
	oneOf := func(words ...string) string {
		if slices.Contains(words, v) {
			return ""
		}
		return "It is one of " + strings.Join(words, ", ") + "."
	}
	number := func(most int) string {
		if n, err := strconv.Atoi(v); err != nil || n < 0 || n > most {
			return fmt.Sprintf("It is a number up to %d.", most)
		}
		return ""
	}
	switch attr {
	case "asl":
		return oneOf("ASL0", "ASL1")
	case "pp":
		return oneOf("TRUE", "FALSE", "YES", "NO")
	case "prop":
		return oneOf("YES", "NO", "TRUE", "FALSE")
	case "base":
		return oneOf("DECIMAL", "HEX")
	case "interest":
		return number(127)
	case "size":
		return number(32767)
	case "special":
		if !isName(v) && number(255) != "" {
			return "It is a name such as SPC_NOMOD, or a number from 100 to 255."
		}
	case "menu":
		if !isName(v) {
			return "It is the name of a menu."
		}
	}
	return ""
}

// support defines what has no body.
func (e *expander) support(it Item) {
	name := it.Args[0]
	switch it.Word {
	case "device":
		e.device(it)
	case "link":
		if !e.named(it.Args[1], "link's support") {
			return
		}
		l := Link{name.Text, it.Args[1].Text, name.Range}
		for _, old := range e.links {
			if old.Name == l.Name && old.Symbol != l.Symbol || old.Name != l.Name && old.Symbol == l.Symbol {
				e.twice("link type", l.Name, l.Range, old.Range)
				return
			}
		}
		if _, ok := e.links[l.Name]; !ok {
			e.links[l.Name] = l
			e.db.Links = append(e.db.Links, l)
		}
	case "variable":
		v := Variable{name.Text, "int", name.Range}
		if len(it.Args) == 2 {
			v.Type = it.Args[1].Text
		}
		if !e.named(name, "variable") {
			return
		}
		if v.Type != "int" && v.Type != "double" {
			e.problem("dbd-value", it.Args[1].Range, fmt.Sprintf("Unknown type of variables %q", shorten(v.Type)), "It is `int` or `double`.", "")
			return
		}
		if old, ok := e.vars[v.Name]; ok {
			if old.Type != v.Type {
				e.twice("variable", v.Name, v.Range, old.Range)
			}
			return
		}
		e.vars[v.Name] = v
		e.db.Variables = append(e.db.Variables, v)
	default:
		e.symbol(it.Word, name)
	}
}

func (e *expander) symbol(what string, name Arg) {
	if !e.named(name, what) {
		return
	}
	if e.symbols[what] == nil {
		e.symbols[what] = map[string]Symbol{}
	}
	if _, ok := e.symbols[what][name.Text]; ok {
		return
	}
	s := Symbol{name.Text, name.Range}
	e.symbols[what][s.Name] = s
	switch what {
	case "driver":
		e.db.Drivers = append(e.db.Drivers, s)
	case "registrar":
		e.db.Registrars = append(e.db.Registrars, s)
	case "function":
		e.db.Functions = append(e.db.Functions, s)
	}
}

func (e *expander) device(it Item) {
	d := Device{it.Args[0].Text, it.Args[1].Text, it.Args[2].Text, it.Args[3].Text, it.Args[2].Range}
	if !slices.Contains(linkTypes, d.Link) {
		e.problem("dbd-value", it.Args[1].Range, fmt.Sprintf("Unknown type of addresses %q", shorten(d.Link)), "", diag.DidYouMean(d.Link, linkTypes))
	}
	if !e.named(it.Args[0], "record type") || !e.named(it.Args[2], "device support") {
		return
	}
	key := [2]string{d.RecordType, d.Choice}
	if e.devices[key] {
		i := slices.IndexFunc(e.db.Devices, func(o Device) bool { return o.RecordType == d.RecordType && o.Choice == d.Choice })
		if old := e.db.Devices[i]; old.Link != d.Link || old.Symbol != d.Symbol {
			e.twice("device support", d.RecordType+" "+strconv.Quote(d.Choice), it.Range, old.Range)
		}
		return
	}
	e.devices[key] = true
	e.db.Devices = append(e.db.Devices, d)
}
