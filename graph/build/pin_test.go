package build_test

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// moving is a kind whose tree and words a fetcher resolves, and reader one that copies the words that it names.
var moving = &rule.Rule{Kind: "moving",
	Attrs: []rule.Attr{{Name: "follow", Type: rule.Bool, Doc: "Asked each time."}},
	Analyze: func(c *rule.Context) error {
		params := map[string]string{"url": "u"}
		pin := &rule.Pin{Params: params, Follow: c.Bool("follow")}
		f := &rule.Fetch{Fetcher: "fake", Params: params, Pin: pin}
		if e := c.Locked(); e["tree"] != "" {
			pin.Entry, f.GitTree = maps.Clone(e), e["tree"]
		}
		out := rule.Checkout{Tree: c.OutputTree("", "t")}
		c.Declare(rule.Action{Mnemonic: "Tree", Outputs: []rule.Artifact{out.Tree}, Fetch: f})
		for name, a := range map[string]*rule.Artifact{"commit": &out.CommitFile, "describe": &out.DescribeFile} {
			p := pin
			if _, ok := pin.Entry[name]; !ok {
				p = &rule.Pin{Params: params, Follow: pin.Follow}
			}
			*a = c.OutputFile("", name)
			c.Declare(rule.Action{Mnemonic: "Word", Outputs: []rule.Artifact{*a}, Fetch: &rule.Fetch{Fetcher: "fake", Word: name, Pin: p}})
		}
		c.SetDefault(out.Tree)
		c.Provide(out)
		return nil
	}}

var reader = &rule.Rule{Kind: "reader",
	Attrs: []rule.Attr{{Name: "of", Type: rule.Files, Doc: "Whose."}, {Name: "word", Type: rule.String, Doc: "Which."}},
	Calls: map[string]rule.CallFunc{"read/1": func(_ context.Context, c rule.CallContext) error {
		in, out, _ := strings.Cut(string(c.Args()), " ")
		r, err := c.Open(in)
		if err != nil {
			return err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return c.Write(out, b, false)
	}},
	Analyze: func(c *rule.Context) error {
		co, _ := rule.Get[rule.Checkout](c.Deps("of")[0])
		in := map[string]rule.Artifact{"commit": co.CommitFile, "describe": co.DescribeFile}[c.String("word")]
		out := c.OutputFile("", "out")
		c.Declare(rule.Action{Mnemonic: "Read", Inputs: []rule.Artifact{in}, Outputs: []rule.Artifact{out}, Call: &rule.Call{Func: "read/1", Args: []byte(in.Path + " " + out.Path)}})
		c.SetDefault(out)
		return nil
	}}

// fakeRepo answers with what it is told to.
type fakeRepo struct {
	answer map[string]string
	asked  []string // what each question wanted besides
}

func (f *fakeRepo) Fetch(context.Context, fetch.Request) (io.ReadCloser, error) {
	return nil, fetch.ErrOffline
}

func (f *fakeRepo) FetchTree(_ context.Context, r fetch.Request, into *os.Root) error {
	return into.WriteFile("x", []byte(r.GitTree), 0o644)
}

func (f *fakeRepo) Resolve(_ context.Context, q fetch.Question) (map[string]string, error) {
	if want := strings.Join(slices.Sorted(slices.Values(q.Want)), " "); !slices.Contains(f.asked, want) {
		f.asked = append(f.asked, want) // a Resolver has one answer for one question
	}
	out := map[string]string{"commit": f.answer["commit"], "tree": f.answer["tree"]}
	for _, w := range q.Want {
		out[w] = f.answer[w]
	}
	return out, nil
}

type pinWorld struct {
	t     *testing.T
	root  string
	cache string
	repo  *fakeRepo
	names []string // mnemonics of what ran
}

func newPinWorld(t *testing.T, text string) *pinWorld {
	w := &pinWorld{t: t, root: t.TempDir(), cache: t.TempDir(), repo: &fakeRepo{answer: map[string]string{"commit": "c1", "tree": strings.Repeat("1", 40), "describe": "v1-0-gc1"}}}
	if err := os.WriteFile(filepath.Join(w.root, "BUILD.hcl"), []byte("workspace \"pin\" {}\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *pinWorld) open(change func(*build.Options)) *build.Engine {
	w.t.Helper()
	w.names = nil
	o := build.Options{Root: w.root, CacheDir: w.cache, Kinds: []*rule.Rule{moving, reader}, Jobs: 1, Sandbox: "off", Version: "test", Getenv: os.LookupEnv,
		Fetchers: map[string]func() fetch.Fetcher{"fake": func() fetch.Fetcher { return w.repo }},
		Events: func(e build.Event) {
			if e.Finish != nil && e.Finish.Status == build.Ran {
				w.names = append(w.names, e.Finish.Mnemonic)
			}
		}}
	if change != nil {
		change(&o)
	}
	e, err := build.Open(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// build builds targets and gives the actions that ran and what was asked.
func (w *pinWorld) build(change func(*build.Options), targets ...string) (ran, asked string, err error) {
	w.t.Helper()
	w.repo.asked = nil
	ps, err := build.ParsePatterns(targets, "")
	if err != nil {
		w.t.Fatal(err)
	}
	e := w.open(change)
	defer e.Close()
	s, err := e.Build(w.t.Context(), build.Request{Patterns: ps})
	if err == nil && len(s.Failures) > 0 {
		w.t.Fatalf("%+v", s.Failures)
	}
	slices.Sort(w.names)
	return strings.Join(w.names, " "), strings.Join(w.repo.asked, ","), err
}

func (w *pinWorld) check(name, wantRan, wantAsked string, targets ...string) {
	w.t.Helper()
	if ran, asked, err := w.build(nil, targets...); err != nil || ran != wantRan || asked != wantAsked {
		w.t.Errorf("%s: ran %q, asked %q, %v; want %q, %q", name, ran, asked, err, wantRan, wantAsked)
	}
}

func (w *pinWorld) reads(target, want string) {
	w.t.Helper()
	if b, err := os.ReadFile(filepath.Join(w.root, "cairn-out", target, "out")); err != nil || string(b) != want {
		w.t.Errorf("%s: %q, %v; want %q", target, b, err, want)
	}
}

// Words are asked for, and made, for those who read them, with one question for all; each hangs on its own text.
func TestWordsOfAPin(t *testing.T) {
	w := newPinWorld(t, `
moving "m" { follow = true }
reader "c" {
  of   = [":m"]
  word = "commit"
}
reader "d" {
  of   = [":m"]
  word = "describe"
}
`)
	w.check("the tree alone", "Tree", "", "//:m")
	w.check("a word", "Read Word", "commit", "//:c")
	w.check("both", "Read Word", "commit describe", "//...")
	w.reads("c", "c1\n")
	w.reads("d", "v1-0-gc1\n")
	w.check("nothing new", "", "commit describe", "//...")
	w.repo.answer["commit"] = "c2"
	w.check("a commit with the same tree and describe", "Read Word", "commit describe", "//...")
	w.reads("c", "c2\n")
	w.repo.answer["describe"] = "v2-0-gc2"
	w.check("a tag", "Read Word", "commit describe", "//...")
	w.reads("d", "v2-0-gc2\n")
	w.repo.answer["describe"] = ""
	w.check("a version that is not git's", "Read Word", "describe", "//:d")
	w.reads("d", "")
	w.repo.answer["commit"] = "c3"
	w.check("a commit, where the version is not git's", "", "describe", "//:d")
}

// In the lock file a word is added where it is wanted first, and stays what it was.
func TestWordsInTheLock(t *testing.T) {
	w := newPinWorld(t, `
moving "m" {}
reader "d" {
  of   = [":m"]
  word = "describe"
}
`)
	locked := func(o *build.Options) { o.Locked = true }
	w.check("the tree alone", "Tree", "", "//:m")
	if _, _, err := w.build(locked, "//:d"); err == nil || !strings.Contains(err.Error(), "or lacks a word") {
		t.Errorf("--locked without the word: %v", err)
	}
	w.check("the word", "Read Word", "describe", "//:d")
	w.repo.answer["describe"] = "v9"
	w.check("it stays", "", "", "//...")
	if ran, asked, err := w.build(locked, "//..."); ran+asked != "" || err != nil {
		t.Errorf("--locked: %q %q %v", ran, asked, err)
	}
	// `cairn lock` asks for the words that some action reads.
	w.repo.asked = nil
	e := w.open(nil)
	moved, _, err := e.Lock(t.Context(), func(label.Label) bool { return true })
	if err != nil || len(moved) != 1 || moved[0].New["describe"] != "v9" || strings.Join(w.repo.asked, ",") != "describe" {
		t.Errorf("%+v, asked %q, %v", moved, w.repo.asked, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	w.check("the new word", "Read Word", "", "//...")
	w.reads("d", "v9\n")
}
