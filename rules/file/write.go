package file

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed write_file.md
var writeDoc string

// WriteFile writes a file whose content stands in BUILD.hcl.
var WriteFile = &rule.Rule{
	Kind: "write_file",
	Doc:  writeDoc,
	Attrs: []rule.Attr{
		{Name: "content", Type: rule.String, Doc: "The file's text, as it is. Exactly one of `content`, `lines` and `json` is given."},
		{Name: "lines", Type: rule.Strings, Doc: "The file's lines; each gets a newline at its end."},
		{Name: "json", Type: rule.Any, Doc: "A value that is written as JSON: keys sorted, indented by two spaces, a newline at the end."},
		{Name: "out", Type: rule.Output, Doc: "The file's path below the target's output folder; by default the target's name."},
		{Name: "executable", Type: rule.Bool, Default: false, Doc: "Whether the file may be executed."},
	},
	Analyze: analyzeWrite,
	Calls:   map[string]rule.CallFunc{writeCall: write},
}

const writeCall = "write_file/1"

// writeArgs is what write_file/1 is told, as JSON. It is part of the key.
type writeArgs struct {
	Path       string `json:"path"`
	Content    string `json:"content"`
	Executable bool   `json:"executable"`
}

func analyzeWrite(c *rule.Context) error {
	var content string
	given := 0
	if c.Has("content") {
		content = c.String("content")
		given++
	}
	if c.Has("lines") {
		for _, l := range c.Strings("lines") {
			content += l + "\n"
		}
		given++
	}
	if c.Has("json") {
		s, err := jsonText(c.Value("json"))
		if err != nil {
			c.Problem("json", "bad-json", "The value has no form in JSON", err.Error()+".")
		}
		content = s
		given++
	}
	if given != 1 {
		c.Problem("", "write-file-content", "A write_file has exactly one content",
			fmt.Sprintf("Of content, lines and json %d are given.", given))
	}
	out := c.String("out")
	if out == "" {
		out = c.Label().Base()
	}
	a := c.OutputFile("out", out)
	args, err := json.Marshal(writeArgs{Path: a.Path, Content: content, Executable: c.Bool("executable")})
	if err != nil {
		return err
	}
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{a}, Call: &rule.Call{Func: writeCall, Args: args}})
	c.SetDefault(a)
	return nil
}

func jsonText(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return b.String(), nil
}

func write(_ context.Context, c rule.CallContext) error {
	var a writeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return fmt.Errorf("internal error: arguments of %s: %w", writeCall, err)
	}
	return c.Write(a.Path, []byte(a.Content), a.Executable)
}
