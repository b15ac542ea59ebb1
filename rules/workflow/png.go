package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/cairn-build/cairn/graph/rule"
)

// fonts says where a renderer looks for letters: its own configuration is none of an action's inputs.
const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <dir>/opt/homebrew/share/fonts</dir>
  <dir>/Library/Fonts</dir>
  <dir>/System/Library/Fonts</dir>
  <cachedir>/tmp/fonts</cachedir>
</fontconfig>
`

// drawPNG declares what makes of a package one with a picture.
func drawPNG(c *rule.Context, made, pkg rule.Artifact) error {
	const tool = "rsvg-convert"
	conf, png := c.OutputTree("", "fonts"), c.OutputFile("", "graph.png")
	text, err := json.Marshal(toolsArgs{Out: conf.Path, Files: map[string]string{"fonts.conf": fonts}})
	if err != nil {
		return err
	}
	args, err := json.Marshal(joinArgs{From: made.Path, PNG: png.Path, Out: pkg.Path})
	if err != nil {
		return err
	}
	svg := made.Path + "/graph.svg"
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{conf}, Call: &rule.Call{Func: "task_package_tools/1", Args: text}})
	c.Declare(rule.Action{Mnemonic: "Draw", Inputs: []rule.Artifact{made, conf}, Picks: []string{svg}, Outputs: []rule.Artifact{png},
		Spawn: &rule.Spawn{Argv: []string{rule.HostTool(tool), "--format=png", "--zoom=2", "--output=" + png.Path, svg}, HostTools: []string{tool},
			Env: []rule.EnvVar{{Name: "FONTCONFIG_PATH", Value: conf.Path}}}})
	c.Declare(rule.Action{Mnemonic: "Join", Inputs: []rule.Artifact{made, png}, Outputs: []rule.Artifact{pkg}, Call: &rule.Call{Func: "workflow_join/1", Args: args}})
	return nil
}

// joinArgs are the words of workflow_join/1.
type joinArgs struct {
	From string `json:"from"`
	PNG  string `json:"png"`
	Out  string `json:"out"`
}

// joinCall is workflow_join/1: a package with its graph as a picture.
func joinCall(_ context.Context, c rule.CallContext) error {
	var a joinArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	entries, err := c.Entries(a.From)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := c.Link(a.Out+"/"+e.Path, e.Blob, e.Executable); err != nil {
			return err
		}
	}
	png, err := inputBytes(c, a.PNG)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(png, []byte("\x89PNG")) {
		return fmt.Errorf("rsvg-convert wrote no PNG")
	}
	return c.Write(a.Out+"/graph.png", png, false)
}
