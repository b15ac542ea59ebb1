package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/diag"
)

// verb is one command; it is made when it may be wanted.
type verb struct {
	name string
	make func(*app) *cobra.Command
	all  bool // it looks at the other commands
}

// verbs is every command there is, in the order of the help text.
var verbs = []verb{
	{"build", buildCommand, false},
	{"run", runCommand, false},
	{"test", testCommand, false},
	{"watch", watchCommand, false},
	{"plan", planCommand, false},
	{"why", whyCommand, false},
	{"key", keyCommand, false},
	{"query", queryCommand, false},
	{"deps", depsCommand, false},
	{"rdeps", rdepsCommand, false},
	{"path", pathCommand, false},
	{"owners", ownersCommand, false},
	{"affected", affectedCommand, false},
	{"graph", graphCommand, false},
	{"outputs", outputsCommand, false},
	{"log", logCommand, false},
	{"exec", execCommand, false},
	{"shell", shellCommand, false},
	{"serve", serveCommand, false},
	{"workflow", workflowCommand, false},
	{"iocsh", iocshCommand, false},
	{"install", installCommand, false},
	{"modules", modulesCommand, false},
	{"import", importCommand, false},
	{"init", initCommand, false},
	{"check", checkCommand, false},
	{"fmt", fmtCommand, false},
	{"vars", varsCommand, false},
	{"lock", lockCommand, false},
	{"cache", cacheCommand, false},
	{"clean", cleanCommand, false},
	{"doctor", doctorCommand, false},
	{"docs", docsCommand, true},
	{"version", versionCommand, false},
	{"help", helpCommand, true},
	{"completion", completionCommand, true},
}

// wantedVerbs gives the commands that arguments may be about: the one that the first argument names, else all. Making them all
// takes a thirtieth of what cairn needs to start.
func wantedVerbs(args []string) []verb {
	for _, v := range verbs {
		if len(args) > 0 && args[0] == v.name && !v.all {
			return []verb{v}
		}
	}
	return verbs
}

// flags are the ones that every command takes.
type flags struct {
	dir       string
	keepGoing bool
	jobs      int
	offline   bool
	locked    bool
	force     bool
	noCache   []string
	events    string
	profile   string
	logs      string
	sandbox   string
	vars      []string
	platform  string
	json      bool
	color     string
}

// jsonMark is the annotation of a command that understands --json.
const jsonMark = "json"

// newRoot makes the command line of all verbs that are given.
func newRoot(a *app, vs []verb) *cobra.Command {
	root := &cobra.Command{
		Use:               "cairn",
		Short:             "A declarative build tool: runs only what is new.",
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(c, args[0])
			}
			return c.Help()
		},
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.prepare(c) },
	}
	f, p := &a.flags, root.PersistentFlags()
	p.StringVarP(&f.dir, "directory", "C", "", "work as if started in `DIR`")
	p.BoolVarP(&f.keepGoing, "keep-going", "k", false, "go on with what does not depend on a failure")
	p.IntVarP(&f.jobs, "jobs", "j", 0, "run `N` actions at once; by default as many as there are processors")
	p.BoolVar(&f.offline, "offline", false, "reach for nothing outside this machine")
	p.BoolVar(&f.locked, "locked", false, "fail where BUILD.lock.hcl would have to change")
	p.BoolVar(&f.force, "force", false, "run every wanted action, whatever the cache holds")
	p.StringSliceVar(&f.noCache, "no-cache", nil, "leave the cache alone when looking up, storing, or both: `read|write`")
	p.Lookup("no-cache").NoOptDefVal = "read,write"
	p.StringVar(&f.events, "events", "", "write what happens to `FILE` as newline JSON")
	p.StringVar(&f.profile, "profile", "", "write a Chrome trace to `FILE`")
	p.StringVar(&f.logs, "logs", string(ui.Grouped), "when to show the output of actions: `grouped|stream|errors`")
	p.StringVar(&f.sandbox, "sandbox", "auto", "keep actions from what they do not declare: `auto|off|require`")
	p.StringArrayVar(&f.vars, "var", nil, "set a variable: `NAME=VALUE`")
	p.StringVar(&f.platform, "platform", "", "build for `OS-ARCH` instead of this machine: linux-x86_64, darwin-arm64")
	p.BoolVar(&f.json, "json", false, "print data as JSON")
	p.StringVar(&f.color, "color", "auto", "colour: `auto|always|never`")
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.ui.Printf("%s", helpText(c)) })
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	completesWords(root, "logs", ui.LogModes...)
	completesWords(root, "sandbox", sandboxModes...)
	completesWords(root, "color", colorModes...)
	completesWords(root, "no-cache", "read", "write")
	for _, v := range vs {
		c := v.make(a)
		if c.ValidArgsFunction != nil {
			// It knows better.
		} else if strings.Contains(c.Use, "TARGET") || strings.Contains(c.Use, "PATTERN") || c.Use == "path FROM TO" {
			completesLabels(a, c)
		}
		root.AddCommand(c)
	}
	return root
}

// prepare checks the flags that are words and applies those that concern all commands.
func (a *app) prepare(c *cobra.Command) error {
	f := &a.flags
	for _, w := range []struct {
		flag, value string
		allowed     []string
	}{
		{"logs", f.logs, ui.LogModes},
		{"sandbox", f.sandbox, sandboxModes},
		{"color", f.color, colorModes},
	} {
		if !slices.Contains(w.allowed, w.value) {
			return badWord(w.flag, w.value, w.allowed)
		}
	}
	for _, w := range f.noCache {
		if w != "read" && w != "write" {
			return badWord("no-cache", w, []string{"read", "write"})
		}
	}
	if f.jobs < 0 {
		return usagef("-j takes a number from 1 on, not %d", f.jobs)
	}
	if f.json && c.Annotations[jsonMark] == "" {
		return usagef("%s prints no data, so --json has no meaning", c.CommandPath())
	}
	return a.enter()
}

var (
	sandboxModes = []string{"auto", "off", "require"}
	colorModes   = []string{"auto", "always", "never"}
)

func badWord(flag, value string, allowed []string) error {
	return &usageError{fmt.Sprintf("--%s takes %s, not %q", flag, strings.Join(allowed, ", "), value), diag.DidYouMean(value, allowed)}
}

// prints marks a command as one that understands --json.
func prints(c *cobra.Command) *cobra.Command {
	c.Annotations = map[string]string{jsonMark: "yes"}
	return c
}

func unknownVerb(root *cobra.Command, name string) error {
	hint := diag.DidYouMean(name, verbNames(root))
	if strings.HasPrefix(name, "//") || strings.HasPrefix(name, ":") {
		hint = "A target needs a verb: cairn build " + name
	}
	if hint == "" {
		hint = "cairn help lists the commands."
	}
	return &usageError{fmt.Sprintf("there is no command %q", name), hint}
}

func verbNames(c *cobra.Command) []string {
	var names []string
	for _, v := range c.Commands() {
		if !v.Hidden {
			names = append(names, v.Name())
		}
	}
	return names
}

// flagError turns a flag that pflag refuses into a message of ours, with the nearest spelling.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		name, _, _ = strings.Cut(name, "=")
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		hint := flagsHint(c)
		if near := diag.Nearest(name, names); near != "" {
			hint = "Did you mean \"--" + near + "\"?"
		}
		return &usageError{fmt.Sprintf("%s has no flag --%s", c.CommandPath(), name), hint}
	}
	if _, rest, ok := strings.Cut(text, "unknown shorthand flag: "); ok {
		letter, _, _ := strings.Cut(rest, " in ")
		return &usageError{fmt.Sprintf("%s has no flag -%s", c.CommandPath(), strings.Trim(letter, "'")), flagsHint(c)}
	}
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		f := bad.GetFlag()
		what := map[string]string{"int": "a number", "bool": "true or false", "duration": "a duration such as 30s"}[f.Value.Type()]
		if what != "" {
			text = fmt.Sprintf("--%s takes %s, not %q", f.Name, what, bad.GetValue())
		}
	}
	return &usageError{text, flagsHint(c)}
}

// flagsHint says where a command's flags are listed.
func flagsHint(c *cobra.Command) string {
	if c == c.Root() {
		return "cairn help lists the flags."
	}
	return "cairn help" + strings.TrimPrefix(c.CommandPath(), c.Root().Name()) + " lists its flags."
}
