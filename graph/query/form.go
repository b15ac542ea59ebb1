package query

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
)

// Target is the JSON form of one target of an answer.
type Target struct {
	Label   string   `json:"label"`
	Kind    string   `json:"kind"`
	Tags    []string `json:"tags,omitempty"`
	Test    bool     `json:"test,omitempty"`
	Manual  bool     `json:"manual,omitempty"`
	Build   string   `json:"build,omitempty"`
	Sources []string `json:"sources,omitempty"`
	Outputs []string `json:"outputs,omitempty"`
	Deps    []string `json:"deps,omitempty"`
}

// WriteText writes one label or file a line.
func WriteText(w io.Writer, s Set) error {
	b := bufio.NewWriter(w)
	for _, n := range s.Names {
		b.WriteString(n)
		b.WriteByte('\n')
	}
	return b.Flush()
}

// WriteJSON writes an array: of Target, or of strings where s holds files.
func WriteJSON(w io.Writer, g Graph, s Set) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if s.Files {
		return e.Encode(append([]string{}, s.Names...))
	}
	ts := make([]Target, len(s.IDs))
	for n, i := range s.IDs {
		info := g.Info(i)
		ts[n] = Target{Label: s.Names[n], Kind: info.Kind, Tags: info.Tags, Test: info.Test, Manual: info.Manual, Build: info.Build, Sources: info.Sources, Outputs: info.Outputs}
		for _, d := range g.Deps(i) {
			ts[n].Deps = append(ts[n].Deps, g.Label(d).String())
		}
	}
	return e.Encode(ts)
}

// WriteDOT writes a graph in Graphviz's language: the targets of s, each with its kind, and the edges between them; files
// have neither.
func WriteDOT(w io.Writer, g Graph, s Set) error {
	b := bufio.NewWriter(w)
	b.WriteString("digraph cairn {\n  node [shape=box];\n")
	in := map[int]string{}
	for n, name := range s.Names {
		b.WriteString("  " + dotQuote(name))
		if !s.Files {
			in[s.IDs[n]] = name
			info := g.Info(s.IDs[n])
			b.WriteString(" [label=" + dotQuote(name+"\n"+info.Kind) + ", kind=" + dotQuote(info.Kind) + ", tooltip=" + dotQuote(info.Build))
			if info.Test {
				b.WriteString(", style=dashed")
			}
			b.WriteByte(']')
		}
		b.WriteString(";\n")
	}
	for _, i := range s.IDs {
		for _, d := range g.Deps(i) {
			if to, ok := in[d]; ok {
				b.WriteString("  " + dotQuote(in[i]) + " -> " + dotQuote(to) + ";\n")
			}
		}
	}
	b.WriteString("}\n")
	return b.Flush()
}

// dotEscapes are what a quoted string of Graphviz's language (https://graphviz.org/doc/info/lang.html) cannot hold as it is: it
// ends at a quote, and labels read a backslash as the start of an escape.
var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)

func dotQuote(s string) string { return `"` + dotEscapes.Replace(s) + `"` }
