// Package dbd reads EPICS' database definitions, merges them, and writes what is made from them: expanded dbd files, headers of record
// types and menus, the code that registers a module's parts, and breakpoint tables. It reads bytes and writes bytes, and copies nothing
// of EPICS: the formats are those that its documentation describes and that its builds leave behind.
package dbd

import (
	"slices"
	"strconv"

	"github.com/cairn-build/cairn/graph/diag"
)

// Database is what dbd files define, each thing once. Its slices are sorted by name, Devices as Write has them.
type Database struct {
	Menus       []Menu
	RecordTypes []RecordType
	Devices     []Device
	Drivers     []Symbol
	Links       []Link
	Registrars  []Symbol
	Functions   []Symbol
	Variables   []Variable
	BreakTables []BreakTable
	// Files are the names of all files that were read, in the order of their first use, as Options.Include gave them.
	Files []string
}

// Menu is a list of choices.
type Menu struct {
	Name    string
	Choices []Choice
	Range   diag.Range
	// Foreign is set for what a file of a base or of another module defines: it counts and is not written.
	Foreign bool
	order   int // how many menus were defined before it
}

// Choice is one of a menu's: the name in C and the text that users see.
type Choice struct{ Name, Text string }

// RecordType is a kind of record. C are the lines of C that its header starts with.
type RecordType struct {
	Name    string
	Fields  []Field
	C       []string
	Range   diag.Range
	Foreign bool
}

// Field is one field of a record type: its attributes by name, such as "prompt".
type Field struct {
	Name  string
	Type  string // "DBF_LONG"
	Attrs map[string]string
	Range diag.Range
}

// Device is a device support: Symbol names its entry table, Choice is what DTYP shows.
type Device struct {
	RecordType, Link, Symbol, Choice string
	Range                            diag.Range
}

// Symbol is a driver, registrar or function, by its name in C.
type Symbol struct {
	Name  string
	Range diag.Range
}

// Link is a type of links in JSON: `{Name: ...}`.
type Link struct {
	Name, Symbol string
	Range        diag.Range
}

// Variable is a variable in C that iocsh can set. Type is "int" or "double".
type Variable struct {
	Name, Type string
	Range      diag.Range
}

// BreakTable is a breakpoint table; its points are as they were written.
type BreakTable struct {
	Name   string
	Points [][2]string
	Range  diag.Range
}

// RecordType gives the record type of that name, nil where db has none.
func (db *Database) RecordType(name string) *RecordType {
	for i := range db.RecordTypes {
		if db.RecordTypes[i].Name == name {
			return &db.RecordTypes[i]
		}
	}
	return nil
}

// Menu gives the menu of that name, nil where db has none.
func (db *Database) Menu(name string) *Menu {
	for i := range db.Menus {
		if db.Menus[i].Name == name {
			return &db.Menus[i]
		}
	}
	return nil
}

// Declared gives the menus in the order in which they were defined.
func (db *Database) Declared() []Menu {
	out := slices.Clone(db.Menus)
	slices.SortStableFunc(out, func(a, b Menu) int { return a.order - b.order })
	return out
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// isName says whether s is a name in C.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
