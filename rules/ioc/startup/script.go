package startup

import (
	"fmt"
	"strings"
)

// Start is one start of an IOC, as iocsh of require 5.1 writes it into the script that softIocPVA is given.
type Start struct {
	IOC    string // REQUIRE_IOC
	Top    string // IOCSH_TOP; "" leaves out the line
	Prompt string // IOCSH_PS1; "" for what Prompt gives for IOC
	Debug  bool
	// Modules are required in this order; a Version of "" asks for any.
	Modules []Module
	File    string // the startup script, "" for none
	Macros  string // that it is loaded with: "P=A:,R=b"
	// Commands are lines, as they are.
	Commands  []string
	Databases []Database
	NoInit    bool // iocInit is not called at the end
}

// Module is a module that a start asks for.
type Module struct{ Name, Version string }

// Database is a file of records that a start loads, or one of substitutions where its name says so.
type Database struct{ File, Macros string }

// Script gives the lines of a start, in the order of 5.1: the environment, the module require, then all modules, the file, all commands, all
// databases, and iocInit. The paths of require come from the environment, so that the text hangs on no place but those in s.
func (s *Start) Script() []byte {
	var b strings.Builder
	set := func(name, value string) { fmt.Fprintf(&b, "epicsEnvSet %s %s\n", quote(name), quote(value)) }
	set("REQUIRE_IOC", s.IOC)
	if s.Top != "" {
		set("IOCSH_TOP", s.Top)
	}
	prompt := s.Prompt
	if prompt == "" {
		prompt = Prompt(s.IOC)
	}
	set("IOCSH_PS1", prompt)
	b.WriteString("errlogInit2 2048 2047\n")
	b.WriteString("dlload \"$(E3_REQUIRE_LIB)/$(EPICS_HOST_ARCH)/librequire.so\"\n")
	b.WriteString("dbLoadDatabase \"$(E3_REQUIRE_DBD)/require.dbd\"\n")
	b.WriteString("require_registerRecordDeviceDriver\n")
	modules, rest := s.Parts()
	b.Write(modules)
	b.Write(rest)
	return []byte(b.String())
}

// Parts gives the lines of s that load modules, and those behind them.
func (s *Start) Parts() (modules, rest []byte) {
	var b strings.Builder
	if s.Debug {
		b.WriteString("var requireDebug 1\n")
	}
	for _, m := range s.Modules {
		b.WriteString("require " + quote(m.Name))
		if m.Version != "" {
			b.WriteString(" " + quote(m.Version))
		}
		b.WriteByte('\n')
	}
	modules = []byte(b.String())
	b.Reset()
	call := func(command, file, macros string) {
		b.WriteString(command + " " + quote(file))
		if macros != "" {
			b.WriteString(" " + quote(macros))
		}
		b.WriteByte('\n')
	}
	if s.File != "" {
		call("iocshLoad", s.File, s.Macros)
	}
	for _, c := range s.Commands {
		b.WriteString(c + "\n")
	}
	for _, d := range s.Databases {
		call(d.Command(), d.File, d.Macros)
	}
	if !s.NoInit {
		b.WriteString("iocInit\n")
	}
	return modules, []byte(b.String())
}

// Prompt is that of an IOC's shell.
func Prompt(ioc string) string { return ioc + " > " }

// Command is what loads the file: dbLoadTemplate for substitutions, else dbLoadRecords.
func (d Database) Command() string {
	for _, ext := range []string{".subs", ".subst", ".substitutions"} {
		if strings.HasSuffix(d.File, ext) {
			return "dbLoadTemplate"
		}
	}
	return "dbLoadRecords"
}

// ParseDatabase reads what is written behind -d: a file, and macros behind a comma.
func ParseDatabase(text string) Database {
	file, macros, _ := strings.Cut(text, ",")
	return Database{strings.TrimSpace(file), strings.TrimSpace(macros)}
}

// ParseModule reads what is written behind -r: a module, and a version behind a comma.
func ParseModule(text string) Module {
	name, version, _ := strings.Cut(text, ",")
	return Module{strings.TrimSpace(name), strings.TrimSpace(version)}
}

// CheckWord says what is wrong with a text that goes into a line of a startup script; nil if nothing is. The error completes a sentence
// that starts with what the text is.
func CheckWord(text string) error {
	if i := strings.IndexFunc(text, func(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }); i >= 0 {
		return fmt.Errorf("cannot hold line ends or other control characters")
	}
	if len(text) > longestWord {
		return fmt.Errorf("cannot be longer than %d bytes", longestWord)
	}
	return nil
}

// longestWord keeps lines below the length that the IOC's shell reads at once.
const longestWord = 1000
