package start

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

//go:embed ioc_test.md
var testDoc string

//go:embed ioctest.py
var testDriver string

const testFilesCall = "ioc_test/1"

// TestKind starts an IOC on the loopback interface, and looks at what it publishes and says.
var TestKind = &rule.Rule{
	Kind: "ioc_test",
	Doc:  testDoc,
	Attrs: append([]rule.Attr{
		{Name: "ioc", Type: rule.LabelRef, Needs: Ioc{}.ProviderName(), Doc: "The `ioc` to start. Without it the test says itself what is started, with the attributes that an `ioc` has."},
		{Name: "pvs", Type: rule.Any, Doc: "Values that records must have, by their names: `{ \"$(IOC):Versions\" = [\"1.0.0\"] }`. See above."},
		{Name: "output", Type: rule.Strings, Doc: "Regular expressions, each of which must fit a line that the IOC says."},
		{Name: "allow", Type: rule.Strings, Doc: "Regular expressions of lines that look like an error and are none."},
		{Name: "input", Type: rule.Strings, Doc: "Lines for the shell of the running IOC, after iocInit."},
		{Name: "wait", Type: rule.String, Default: "10s", Doc: "How long after iocInit all values must be as expected; each is asked for once at least. For iocInit and for the end it is a minute at least."},
	}, startAttrs("")...),
	Analyze: analyzeIocTest,
	Calls:   map[string]rule.CallFunc{startCall: startFunc, poolTreeCall: poolTreeFunc, testFilesCall: writeTestFiles},
}

// testSpec is the file that ioctest.py is called with. Paths are those of the action's tree.
type testSpec struct {
	Argv   []string          `json:"argv"`
	Paths  []int             `json:"paths"` // which of Argv are paths
	Env    []testVar         `json:"env"`
	Folder string            `json:"folder"`
	Prompt string            `json:"prompt"`
	Tools  map[string]string `json:"tools"`
	Wait   float64           `json:"wait"` // seconds
	PVs    []testPV          `json:"pvs"`
	Output []string          `json:"output"`
	Allow  []string          `json:"allow"`
	Input  []string          `json:"input"`
}

type testVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Paths bool   `json:"paths,omitempty"`
}

// testPV is a record and what is expected of it over each protocol; nil for one that is not asked.
type testPV struct {
	Name string       `json:"name"`
	CA   *expectation `json:"ca"`
	PVA  *expectation `json:"pva"`
}

// expectation is what a value must be; one without Value and Match fits any.
type expectation struct {
	Value     any     `json:"value,omitempty"`
	Tolerance float64 `json:"tolerance,omitempty"`
	Match     string  `json:"match,omitempty"`
}

func analyzeIocTest(c *rule.Context) error {
	s, ok := testedIoc(c)
	if !ok {
		return nil
	}
	spec := testSpec{Argv: s.Argv(), Paths: []int{0, 2, 3}, Prompt: startup.Prompt(s.Name), Output: c.Strings("output"), Allow: c.Strings("allow"), Input: c.Strings("input"),
		Tools: map[string]string{"caget": s.Base.Program("caget"), "pvget": s.Base.Program("pvget")}}
	for _, v := range s.Vars {
		switch v.Name {
		case "E3_CMD_TOP":
			spec.Folder = v.Value
		case "EPICS_DRIVER_PATH":
			v.Value = strings.TrimSuffix(v.Value, ":"+strings.Join(s.Folders, ":")) // they come as arguments
		}
		spec.Env = append(spec.Env, testVar(v))
	}
	wait, err := time.ParseDuration(c.String("wait"))
	if err != nil || wait < time.Second {
		c.Problem("wait", "bad-duration", fmt.Sprintf("%q is no time to wait", c.String("wait")), "Write 90s, or 10m.")
		return nil
	}
	spec.Wait = wait.Seconds()
	if spec.PVs, ok = readPVs(c, s.Name); !ok {
		return nil
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	driver, file := c.OutputFile("", "tools/ioctest.py"), c.OutputFile("", "tools/test.json")
	digest := sha256.Sum256([]byte(testDriver))
	ioc.DeclareCall(c, rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{driver, file}}, testFilesCall,
		testFiles{Driver: driver.Path, Digest: hex.EncodeToString(digest[:]), File: file.Path, Text: string(text)}, nil)
	in := append([]rule.Artifact{driver, file, s.Pool, s.Start, s.Base.Runtime}, s.Files...)
	sp := &rule.Spawn{Argv: []string{rule.HostTool("python3"), "-I", "-B", driver.Path, file.Path}, HostTools: []string{"python3"}}
	for _, f := range s.Folders {
		sp.Argv = append(sp.Argv, rule.HostTool(rule.HostFolder(f)))
		sp.HostTools = append(sp.HostTools, rule.HostFolder(f))
	}
	c.Declare(rule.Action{Mnemonic: "Test", Test: true, Inputs: ioc.Distinct(in), Spawn: sp, Local: len(s.Folders) > 0})
	return nil
}

// testedIoc gives the IOC that attribute ioc names, or the one that the other attributes say.
func testedIoc(c *rule.Context) (Ioc, bool) {
	if !c.Has("ioc") {
		return buildIoc(c)
	}
	for _, a := range startAttrs("") {
		if _, given := c.Given(a.Name); given && a.Workspace == "" && a.Name != "macros" {
			c.Problem(a.Name, "ioc-or-own", a.Name+" is the IOC's to say", "Give ioc, or what is to be started, and not both.")
			return Ioc{}, false
		}
	}
	deps := c.Deps("ioc")
	if len(deps) != 1 {
		c.Problem("ioc", "one-ioc", fmt.Sprintf("ioc stands for %d targets", len(deps)), `An ioc_test starts one. Name an instance: ":ioc@key".`)
		return Ioc{}, false
	}
	s, ok := rule.Get[Ioc](deps[0])
	if !ok {
		c.Problem("ioc", "missing-provider", fmt.Sprintf("%s is no ioc", deps[0].Label), "")
	}
	return s, ok
}

// readPVs reads pvs; macros in names and texts are those of the target, and IOC, the IOC's name.
func readPVs(c *rule.Context, ioc string) ([]testPV, bool) {
	if !c.Has("pvs") {
		return nil, true
	}
	all, ok := c.Value("pvs").(map[string]any)
	if !ok {
		c.Problem("pvs", "bad-pvs", "pvs is no object", `It has names of records, and what they hold: { "LAB:temperature" = 20 }.`)
		return nil, false
	}
	macros := c.StringMap("macros")
	put := func(s string) string {
		s = strings.NewReplacer("$(IOC)", ioc, "${IOC}", ioc).Replace(s)
		for _, n := range slices.Sorted(maps.Keys(macros)) {
			v := macros[n]
			s = strings.NewReplacer("$("+n+")", v, "${"+n+"}", v).Replace(s)
		}
		return s
	}
	var out []testPV
	for _, name := range slices.Sorted(maps.Keys(all)) {
		pv := testPV{Name: put(name)}
		bad := func(detail string) {
			c.Problem("pvs", "bad-pvs", fmt.Sprintf("What is expected of %s cannot be read", name), detail)
		}
		if pv.Name == "" || strings.ContainsAny(pv.Name, " \t\n") || strings.HasPrefix(pv.Name, "-") {
			bad("That is no name of a record.")
			return nil, false
		}
		var why string
		if pv.CA, pv.PVA, why = readExpectation(all[name], put); why != "" {
			bad(why)
			return nil, false
		}
		out = append(out, pv)
	}
	return out, true
}

// readExpectation reads one value of pvs: what is expected over both protocols, or an object that says more. why is what is
// wrong with it, in a sentence.
func readExpectation(v any, put func(string) string) (ca, pva *expectation, why string) {
	m, ok := v.(map[string]any)
	if !ok {
		e := &expectation{Value: putAll(v, put)}
		return e, e, ""
	}
	both := expectation{}
	per := map[string]*expectation{"ca": &both, "pva": &both}
	var later []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch x := m[key]; key {
		case "value":
			both.Value = putAll(x, put)
		case "tolerance":
			if both.Tolerance, ok = x.(float64); !ok || both.Tolerance < 0 {
				return nil, nil, "tolerance is a number."
			}
		case "match":
			if both.Match, ok = x.(string); !ok {
				return nil, nil, "match is a regular expression."
			}
			both.Match = put(both.Match)
		case "ca", "pva":
			later = append(later, key)
		default:
			return nil, nil, fmt.Sprintf("There is no %q: there are value, tolerance, match, ca and pva.", key)
		}
	}
	for _, key := range later {
		switch x := m[key].(type) {
		case bool:
			if !x {
				per[key] = nil
			}
		case map[string]any:
			if _, nested := x["ca"]; nested || x["pva"] != nil {
				return nil, nil, fmt.Sprintf("%s says what is expected over one protocol.", key)
			}
			if per[key], _, why = readExpectation(x, put); why != "" {
				return nil, nil, why
			}
		default:
			per[key] = &expectation{Value: putAll(x, put)}
		}
	}
	return per["ca"], per["pva"], ""
}

// putAll puts macros into all texts of a value.
func putAll(v any, put func(string) string) any {
	switch x := v.(type) {
	case string:
		return put(x)
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = putAll(x[i], put)
		}
		return out
	}
	return v
}

// testFiles is what ioc_test/1 is told. Digest stands for the driver, which is a part of cairn.
type testFiles struct {
	Driver string `json:"driver"`
	Digest string `json:"digest"`
	File   string `json:"file"`
	Text   string `json:"text"`
}

// writeTestFiles is ioc_test/1.
func writeTestFiles(_ context.Context, c rule.CallContext) error {
	var a testFiles
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	if err := c.Write(a.Driver, []byte(testDriver), false); err != nil {
		return err
	}
	return c.Write(a.File, []byte(a.Text), false)
}
