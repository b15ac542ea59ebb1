package action

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/protobuf/proto"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

// reference computes the key of an action as a REAPI client would that has nothing but the protocol's own Go package: Merkle
// tree, Command and Action are put together as messages and marshalled by protobuf.
func reference(t *testing.T, a *rule.Action, in []Resolved, salt string) digest.Hash {
	t.Helper()
	marshal := func(m proto.Message) digest.Digest {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return digest.Of(b)
	}
	pb := func(d digest.Digest) *repb.Digest { return &repb.Digest{Hash: d.Hash.String(), SizeBytes: d.Size} }
	var dir func(prefix string) digest.Digest
	dir = func(prefix string) digest.Digest {
		m := &repb.Directory{}
		subs := map[string]bool{}
		for _, r := range in {
			rest, ok := strings.CutPrefix(r.Path, prefix)
			if !ok {
				continue
			}
			name, _, deeper := strings.Cut(rest, "/")
			switch {
			case deeper:
				subs[name] = true
			case r.Kind == rule.OutputTree:
				m.Directories = append(m.Directories, &repb.DirectoryNode{Name: name, Digest: pb(r.Digest)})
			default:
				m.Files = append(m.Files, &repb.FileNode{Name: name, Digest: pb(r.Digest), IsExecutable: r.Exec})
			}
		}
		for s := range subs {
			m.Directories = append(m.Directories, &repb.DirectoryNode{Name: s, Digest: pb(dir(prefix + s + "/"))})
		}
		slices.SortFunc(m.Files, func(x, y *repb.FileNode) int { return strings.Compare(x.Name, y.Name) })
		slices.SortFunc(m.Directories, func(x, y *repb.DirectoryNode) int { return strings.Compare(x.Name, y.Name) })
		return marshal(m)
	}
	cmd := &repb.Command{Arguments: a.Spawn.Argv}
	for _, e := range a.Spawn.Env {
		cmd.EnvironmentVariables = append(cmd.EnvironmentVariables, &repb.Command_EnvironmentVariable{Name: e.Name, Value: e.Value})
	}
	for _, o := range a.Outputs {
		cmd.OutputPaths = append(cmd.OutputPaths, o.Path)
	}
	slices.Sort(cmd.OutputPaths)
	act := &repb.Action{CommandDigest: pb(marshal(cmd)), InputRootDigest: pb(dir("")), Salt: []byte(salt)}
	return marshal(act).Hash
}

func TestFullKeyIsTheDigestOfAReapiAction(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 9))
	k := &Keyer{}
	for n := range 300 {
		a := &rule.Action{Spawn: &rule.Spawn{}}
		for i := range rnd.IntN(5) {
			a.Spawn.Argv = append(a.Spawn.Argv, fmt.Sprintf("arg%d\x01tool\x02", i))
			a.Spawn.Env = append(a.Spawn.Env, rule.EnvVar{Name: fmt.Sprintf("V%d", i), Value: strings.Repeat("é", i)})
		}
		for i := range 1 + rnd.IntN(3) {
			a.Outputs = append(a.Outputs, rule.Artifact{Path: fmt.Sprintf("cairn-out/p/t/o%d", 9-i), Kind: rule.OutputFile})
		}
		var in []Resolved
		for i := range rnd.IntN(8) {
			r := Resolved{Artifact: rule.Artifact{Path: path.Join([]string{"a", "a/b", "a.b", "c", ""}[rnd.IntN(5)], fmt.Sprintf("f%d", i))},
				Digest: digest.Of([]byte{byte(i), byte(n)}), Exec: rnd.IntN(4) == 0}
			if rnd.IntN(5) == 0 {
				r.Kind, r.Exec = rule.OutputTree, false
			}
			in = append(in, r)
		}
		id := digest.Of([]byte("gcc")).Hash
		salt := "8:tool gcc32:" + string(id[:])
		got, err := k.Full(a, in, []ToolIdentity{{"gcc", id}})
		if err != nil {
			t.Fatal(err)
		}
		if want := reference(t, a, in, salt); got != want {
			t.Fatalf("action %d: key %s, a REAPI server computes %s\n%+v", n, got, want, in)
		}
		// The order in which inputs were declared is no part of the key.
		slices.Reverse(in)
		if again, _ := k.Full(a, in, []ToolIdentity{{"gcc", id}}); again != got {
			t.Fatalf("action %d: another order of inputs is another key", n)
		}
	}
}

// base is an action with something in each field; each edit changes one of them.
func base() (*rule.Action, []Resolved, []ToolIdentity) {
	a := &rule.Action{Mnemonic: "Compile", Outputs: []rule.Artifact{{Path: "cairn-out/p/t/o", Kind: rule.OutputFile}},
		Spawn: &rule.Spawn{Argv: []string{"cc", "-c"}, Env: []rule.EnvVar{{Name: "A", Value: "1"}}, HostTools: []string{"cc"}, DepFile: "cairn-out/p/t/d"}}
	in := []Resolved{{Artifact: rule.Artifact{Path: "p/a.c"}, Digest: digest.Of([]byte("a"))}, {Artifact: rule.Artifact{Path: "p/b.h"}, Digest: digest.Of([]byte("b"))}}
	return a, in, []ToolIdentity{{"cc", digest.Hash{1}}}
}

func TestWhatIsInAKey(t *testing.T) {
	k := &Keyer{}
	a, in, tools := base()
	full, _ := k.Full(a, in, tools)
	narrow, _ := k.Narrow(a, in, tools)
	if full == narrow {
		t.Fatal("the narrow key is the full one")
	}
	for _, c := range []struct {
		name         string
		full, narrow bool // whether that key changes
		edit         func(a *rule.Action, in []Resolved, tools []ToolIdentity)
	}{
		{"argument", true, true, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.Argv[1] = "-S" }},
		{"variable", true, true, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.Env[0].Value = "2" }},
		{"output", true, true, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Outputs[0].Path += "2" }},
		{"output's kind", true, true, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Outputs[0].Kind = rule.OutputTree }},
		{"stdout", true, true, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.Stdout = "cairn-out/p/t/o" }},
		{"network", true, true, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.Network = true }},
		{"tool", true, true, func(_ *rule.Action, _ []Resolved, tools []ToolIdentity) { tools[0].Identity[3] = 9 }},
		{"input's content", true, false, func(_ *rule.Action, in []Resolved, _ []ToolIdentity) { in[1].Digest = digest.Of([]byte("c")) }},
		{"input's mode", true, true, func(_ *rule.Action, in []Resolved, _ []ToolIdentity) { in[1].Exec = true }},
		{"input's name", true, true, func(_ *rule.Action, in []Resolved, _ []ToolIdentity) { in[1].Path = "p/c.h" }},
		{"mnemonic", false, false, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Mnemonic = "X" }},
		{"timeout", false, false, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.Timeout = 5 }},
		{"passed names", false, false, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.PassEnv = []string{"X"} }},
		{"client names", false, false, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Spawn.ClientEnv = []string{"X"} }},
		{"scratch", false, false, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) {
			a.Spawn.Scratch = []rule.Scratch{{Name: "x", Env: "X"}}
		}},
		{"resources", false, false, func(a *rule.Action, _ []Resolved, _ []ToolIdentity) { a.Resources.Slots = 2; a.Exclusive = true }},
	} {
		b, bin, btools := base()
		c.edit(b, bin, btools)
		f, err1 := k.Full(b, bin, btools)
		n, err2 := k.Narrow(b, bin, btools)
		if err1 != nil || err2 != nil || (f != full) != c.full || (n != narrow) != c.narrow {
			t.Errorf("%s: full changed %v (want %v), narrow changed %v (want %v), %v, %v", c.name, f != full, c.full, n != narrow, c.narrow, err1, err2)
		}
		// What is explained is what is hashed: a key that changed has a component that did, and the other way round.
		diff := Diff(Parts(a, in, tools), Parts(b, bin, btools))
		if (len(diff) > 0) != c.full {
			t.Errorf("%s: the components differ in %v, the key changed: %v", c.name, diff, c.full)
		}
	}
}

func TestAFetchIsWhatItsDigestSays(t *testing.T) {
	k := &Keyer{}
	mk := func(out, url string) digest.Hash {
		h, err := k.Full(&rule.Action{Outputs: []rule.Artifact{{Path: out, Kind: rule.OutputFile}},
			Fetch: &rule.Fetch{Fetcher: "http", Params: map[string]string{"url": url}, SHA256: strings.Repeat("ab", 32)}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if mk("cairn-out/a/b/c", "one") != mk("cairn-out/x/y", "two") {
		t.Error("address or place of a fetch is in its key")
	}
}

// A tree of git's is what its id says, at whatever commit, of whatever branch, from whatever address it was found.
func TestAGitTreeIsWhatItsIDSays(t *testing.T) {
	k := &Keyer{}
	mk := func(change func(*rule.Fetch)) digest.Hash {
		f := &rule.Fetch{Fetcher: "git", GitTree: strings.Repeat("ab", 20), Params: map[string]string{"url": "u", "commit": "c", "ref": "r"},
			Pin: &rule.Pin{Params: map[string]string{"url": "u"}, Entry: map[string]string{"commit": "c"}}}
		change(f)
		h, err := k.Full(&rule.Action{Outputs: []rule.Artifact{{Path: "cairn-out/a/b/c", Kind: rule.OutputTree}}, Fetch: f}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := mk(func(*rule.Fetch) {})
	for name, c := range map[string]struct {
		change func(*rule.Fetch)
		same   bool
	}{
		"address and commit": {func(f *rule.Fetch) { f.Params = map[string]string{"url": "v", "commit": "d", "subdir": "s"} }, true},
		"entry":              {func(f *rule.Fetch) { f.Pin.Entry = map[string]string{"commit": "d"}; f.Pin.Follow = true }, true},
		"tree":               {func(f *rule.Fetch) { f.GitTree = strings.Repeat("cd", 20) }, false},
		"no submodules":      {func(f *rule.Fetch) { f.EmptySubmodules = true }, false},
		"submodules":         {func(f *rule.Fetch) { f.Submodules = true }, false},
		"a word":             {func(f *rule.Fetch) { f.Word = "commit" }, false},
		"a file's digest":    {func(f *rule.Fetch) { f.SHA256, f.GitTree, f.Pin = strings.Repeat("ab", 20), "", nil }, false},
	} {
		if (mk(c.change) == first) != c.same {
			t.Errorf("%s: the key is the same: %v", name, !c.same)
		}
	}
}

// The file of a word is what the word is, whatever else the answer says.
func TestAWordIsItsText(t *testing.T) {
	k := &Keyer{}
	mk := func(word string, entry map[string]string) digest.Hash {
		h, err := k.Full(&rule.Action{Outputs: []rule.Artifact{{Path: "o"}}, Fetch: &rule.Fetch{Fetcher: "git", Word: word, Pin: &rule.Pin{Entry: entry}}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := mk("describe", map[string]string{"commit": "c", "describe": "v1"})
	if mk("describe", map[string]string{"commit": "d", "describe": "v1"}) != first {
		t.Error("a commit with the same word is another file")
	}
	if mk("describe", map[string]string{"commit": "c", "describe": "v2"}) == first {
		t.Error("another word is the same file")
	}
	if mk("commit", map[string]string{"commit": "c"}) == mk("commit", map[string]string{"commit": ""}) {
		t.Error("an empty word is as good as another")
	}
}

func TestDiffSaysItInALine(t *testing.T) {
	a, in, tools := base()
	b, bin, _ := base()
	b.Spawn.Env[0].Value = "2"
	bin[0].Digest = digest.Of([]byte("new"))
	bin = append(bin, Resolved{Artifact: rule.Artifact{Path: "p/z.h"}})
	var got []string
	for _, c := range Diff(Parts(a, in, tools), Parts(b, bin, nil)) {
		got = append(got, c.String())
	}
	want := []string{"env A: 1 -> 2", "input p/a.c changed", "input p/z.h is new", "tool cc is gone"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A flag more in a command line is one change, wherever it stands: those behind it have moved, and are the same.
func TestDiffOfCommandLinesIsWhatCameAndWent(t *testing.T) {
	line := func(words ...string) []Part {
		a := &rule.Action{Outputs: []rule.Artifact{{Path: "o"}}, Spawn: &rule.Spawn{Argv: words}}
		return Parts(a, nil, nil)
	}
	long := []string{"cc", "-a", "-b", "-c", "-d", "-e", "-f", "-g", "-h", "-i", "-j", "-k"}
	for _, c := range []struct {
		name     string
		old, now []string
		want     []string
	}{
		{"one more", long, slices.Insert(slices.Clone(long), 2, "-new"), []string{"arg 2 (-new) is new"}},
		{"one less", long, slices.Delete(slices.Clone(long), 1, 2), []string{"arg 1 (-a) is gone"}},
		{"one more at the end", long, append(slices.Clone(long), "-l"), []string{"arg 12 (-l) is new"}},
		{"the same flag twice", []string{"cc", "-a", "-a"}, []string{"cc", "-a"}, []string{"arg 2 (-a) is gone"}},
		{"another, and one more", []string{"cc", "-a", "-z"}, []string{"cc", "-b", "-c", "-z"}, []string{"arg 1 (-a) is gone", "arg 1 (-b) is new", "arg 2 (-c) is new"}},
		{"another", []string{"cc", "-a"}, []string{"cc", "-b"}, []string{"arg 1: -a -> -b"}},
		{"none", nil, []string{"cc"}, []string{"arg 0 (cc) is new"}},
	} {
		var got []string
		for _, x := range Diff(line(c.old...), line(c.now...)) {
			got = append(got, x.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func BenchmarkFullKey(b *testing.B) {
	k := &Keyer{}
	a := &rule.Action{Outputs: []rule.Artifact{{Path: "cairn-out/p00001/t000021/t000021.out", Kind: rule.OutputFile}},
		Spawn: &rule.Spawn{Argv: []string{"\x01sh\x02", "-eu", "-c", "md5sum $SRCS $DEPS > $OUT"}, Env: []rule.EnvVar{{Name: "OUT", Value: "x"}}}}
	in := []Resolved{{Artifact: rule.Artifact{Path: "p00001/t000021.src"}}, {Artifact: rule.Artifact{Path: "cairn-out/p00000/t1/t1.out"}}, {Artifact: rule.Artifact{Path: "cairn-out/p00000/t2/t2.out"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Full(a, in, nil); err != nil {
			b.Fatal(err)
		}
	}
}
