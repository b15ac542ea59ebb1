package golang

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed go_modules.md
var modulesDoc string

// Modules downloads the modules that a go.mod requires.
var Modules = &rule.Rule{
	Kind: "go_modules",
	Doc:  modulesDoc,
	Attrs: []rule.Attr{
		{Name: "srcs", Type: rule.Files, Required: true, Doc: "`go.mod` and `go.sum`; with local `replace` directives the `go.mod` of those folders, too."},
		moduleAttr,
	},
	Analyze: analyzeModules,
}

// download fills a module cache of its own beside the output and keeps of it what go.sum vouches for: Go's times, locks
// and lists differ from day to day. Its arguments are a go command that downloads.
const download = `
cache="$PWD/$OUT.cache"
export GOMODCACHE="$cache"
"$@"
mkdir -p "$OUT"
if [ -d "$cache/cache/download" ]; then
  rm -rf "$cache/cache/download/sumdb"
  find "$cache/cache/download" -type f ! -name '*.mod' ! -name '*.zip' -exec rm -f {} +
  for dir in "$cache/cache/download"/*; do
    mv "$dir" "$OUT/"
  done
fi
rm -rf "$cache"
`

func analyzeModules(c *rule.Context) error {
	g, ok := newCmd(c, c.String("module"))
	if !ok {
		return nil
	}
	out := c.OutputTree("", "modules")
	// What is downloaded is the same for all platforms, so nothing of one is in the key.
	delete(g.env, "GOOS")
	delete(g.env, "GOARCH")
	g.env["OUT"] = out.Path
	argv := append([]string{rule.HostTool("sh"), "-eu", "-c", download, "go"}, g.verb("mod", "download")...)
	sp := &rule.Spawn{Argv: argv, Posix: true, Network: true, ClientEnv: clientEnv, Scratch: []rule.Scratch{buildCache}}
	g.finish(sp)
	c.Declare(rule.Action{Mnemonic: "Download", Spawn: sp, Inputs: c.Files("srcs"), Outputs: []rule.Artifact{out}, Local: true})
	c.SetDefault(out)
	return nil
}
