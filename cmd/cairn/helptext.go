package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpText is what `cairn help VERB` and `cairn VERB --help` show. Cobra's own templates stay out of the way.
func helpText(c *cobra.Command) string {
	var b strings.Builder
	long := c.Long
	if long == "" {
		long = c.Short
	}
	b.WriteString(strings.TrimSpace(long) + "\n")
	if c.HasSubCommands() {
		fmt.Fprintf(&b, "\nUsage:\n  %s COMMAND\n\nCommands:\n", c.CommandPath())
		for _, v := range c.Commands() {
			if !v.Hidden {
				fmt.Fprintf(&b, "  %-11s %s\n", v.Name(), v.Short)
			}
		}
	} else {
		fmt.Fprintf(&b, "\nUsage:\n  %s\n", useLine(c))
	}
	if c.Example != "" {
		b.WriteString("\nExamples:\n" + strings.TrimRight(c.Example, "\n") + "\n")
	}
	flagList(&b, "Flags", c.LocalNonPersistentFlags())
	if c.HasParent() {
		if !c.HasSubCommands() {
			b.WriteString("\nEvery command takes the flags that `cairn help` lists.\n")
		}
	} else {
		flagList(&b, "Flags of every command", c.PersistentFlags())
		b.WriteString("\nExit codes:\n  0    fine\n  1    something failed to build, run or pass\n  2    the request or a BUILD file is wrong\n" +
			"  3    the environment failed: cache, network, toolchain\n  130  interrupted\n" +
			"\n`cairn help COMMAND` says more of a command, `cairn help KIND` of a kind of target.\n")
	}
	return b.String()
}

func flagList(b *strings.Builder, title string, fs *pflag.FlagSet) {
	var lines [][2]string
	wide := 0
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		left, text := flagForm(f)
		wide = max(wide, len(left))
		lines = append(lines, [2]string{left, text})
	})
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + title + ":\n")
	for _, l := range lines {
		fmt.Fprintf(b, "  %-*s  %s\n", wide, l[0], l[1])
	}
}

// flagForm writes a flag as it is typed, `-j, --jobs N`, and what it does.
func flagForm(f *pflag.Flag) (left, text string) {
	value, text := pflag.UnquoteUsage(f)
	left = "    --" + f.Name
	if f.Shorthand != "" {
		left = "-" + f.Shorthand + ", --" + f.Name
	}
	switch {
	case f.NoOptDefVal != "" && f.Value.Type() != "bool":
		left += "[=" + value + "]"
	case value != "" && f.Value.Type() != "bool":
		left += " " + value
	}
	if d := f.DefValue; d != "" && d != "false" && d != "0s" && d != "0" && d != "[]" {
		text += " (default " + d + ")"
	}
	return left, text
}

// useLine writes how a command is called.
func useLine(c *cobra.Command) string {
	if !c.HasParent() {
		return c.Use
	}
	return c.Parent().CommandPath() + " " + c.Use
}
