package reapi

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/protobuf/proto"

	"github.com/cairn-build/cairn/cache/digest"
)

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func randString(r *rand.Rand) string {
	return strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(200))
}

func randName(r *rand.Rand, i int) string {
	return fmt.Sprintf("%c%d-%d", 'a'+r.IntN(26), r.IntN(50), i)
}

func randDigest(r *rand.Rand) digest.Digest {
	var d digest.Digest
	for i := range d.Hash {
		d.Hash[i] = byte(r.Uint32())
	}
	d.Size = r.Int64N(1 << r.IntN(62))
	return d
}

func pbDigest(d digest.Digest) *repb.Digest {
	if d.IsZero() {
		return nil
	}
	return &repb.Digest{Hash: d.Hash.String(), SizeBytes: d.Size}
}

func randDirectory(r *rand.Rand) *Directory {
	d := &Directory{}
	for i := range r.IntN(5) {
		d.Files = append(d.Files, FileNode{randName(r, i), randDigest(r), r.IntN(2) == 0})
	}
	for i := range r.IntN(5) {
		d.Directories = append(d.Directories, DirectoryNode{randName(r, 10+i), randDigest(r)})
	}
	for i := range r.IntN(5) {
		d.Symlinks = append(d.Symlinks, SymlinkNode{randName(r, 20+i), "x" + randString(r)})
	}
	return d
}

// pbDirectory builds the generated message, with its children sorted by code that is not ours.
func pbDirectory(d *Directory) *repb.Directory {
	m := &repb.Directory{}
	for _, n := range d.Files {
		m.Files = append(m.Files, &repb.FileNode{Name: n.Name, Digest: pbDigest(n.Digest), IsExecutable: n.Exec})
	}
	for _, n := range d.Directories {
		m.Directories = append(m.Directories, &repb.DirectoryNode{Name: n.Name, Digest: pbDigest(n.Digest)})
	}
	for _, n := range d.Symlinks {
		m.Symlinks = append(m.Symlinks, &repb.SymlinkNode{Name: n.Name, Target: n.Target})
	}
	slices.SortFunc(m.Files, func(a, b *repb.FileNode) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Directories, func(a, b *repb.DirectoryNode) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Symlinks, func(a, b *repb.SymlinkNode) int { return strings.Compare(a.Name, b.Name) })
	return m
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s:\n got %x\nwant %x", what, got, want)
	}
}

func TestDirectoryEqualsGenerated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		d := randDirectory(r)
		want := marshal(t, pbDirectory(d))
		got := AppendDirectory(nil, d)
		same(t, "directory", got, want)
		back, err := DecodeDirectory(want)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "decoded and encoded again", AppendDirectory(nil, back), want)

		tree := &Tree{Root: *d}
		pb := &repb.Tree{Root: pbDirectory(d)}
		for range r.IntN(4) {
			c := randDirectory(r)
			tree.Children = append(tree.Children, *c)
			pb.Children = append(pb.Children, pbDirectory(c))
		}
		same(t, "tree", AppendTree(nil, tree), marshal(t, pb))
	}
	same(t, "digest of nothing", AppendDigest(nil, digest.Empty), marshal(t, pbDigest(digest.Empty)))
}

func TestActionEqualsGenerated(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		c := &Command{WorkingDir: randString(r)}
		m := &repb.Command{WorkingDirectory: c.WorkingDir}
		for range r.IntN(6) {
			s := randString(r)
			c.Args, m.Arguments = append(c.Args, s), append(m.Arguments, s)
		}
		env := map[string]string{}
		for i := range r.IntN(6) {
			env[randName(r, i)] = randString(r)
		}
		for k, v := range env {
			c.Env = append(c.Env, EnvVar{k, v})
			m.EnvironmentVariables = append(m.EnvironmentVariables, &repb.Command_EnvironmentVariable{Name: k, Value: v})
		}
		slices.SortFunc(m.EnvironmentVariables, func(a, b *repb.Command_EnvironmentVariable) int { return strings.Compare(a.Name, b.Name) })
		for i := range r.IntN(4) {
			o := randName(r, i)
			c.Outputs, m.OutputPaths = append(c.Outputs, o, o), append(m.OutputPaths, o)
		}
		slices.Sort(m.OutputPaths)
		var p *repb.Platform
		for i := range r.IntN(4) {
			if p == nil {
				p = &repb.Platform{}
			}
			k, v := randName(r, i), randString(r)
			c.Platform = append(c.Platform, Property{k, v})
			p.Properties = append(p.Properties, &repb.Platform_Property{Name: k, Value: v})
		}
		if p != nil {
			slices.SortFunc(p.Properties, func(a, b *repb.Platform_Property) int { return strings.Compare(a.Name, b.Name) })
			same(t, "platform", AppendPlatform(nil, slices.Clone(c.Platform)), marshal(t, p))
		}
		m.Platform = p //lint:ignore SA1019 servers of API 2.1 and before read the platform here
		same(t, "command", AppendCommand(nil, c), marshal(t, m))

		a := &Action{Command: randDigest(r), InputRoot: randDigest(r), DoNotCache: r.IntN(2) == 0, Platform: c.Platform}
		if r.IntN(2) == 0 {
			a.Salt = []byte(randString(r))
		}
		same(t, "action", AppendAction(nil, a), marshal(t, &repb.Action{CommandDigest: pbDigest(a.Command),
			InputRootDigest: pbDigest(a.InputRoot), Salt: a.Salt, DoNotCache: a.DoNotCache, Platform: p}))
	}
}

// reference builds folders naively, as generated messages.
type reference struct {
	files map[string]FileNode
	links map[string]string
	trees map[string]digest.Digest
	dirs  map[string]*reference
}

func newReference() *reference {
	return &reference{map[string]FileNode{}, map[string]string{}, map[string]digest.Digest{}, map[string]*reference{}}
}

func (n *reference) at(path string) (*reference, string) {
	first, rest, deeper := strings.Cut(path, "/")
	if !deeper {
		return n, first
	}
	if n.dirs[first] == nil {
		n.dirs[first] = newReference()
	}
	return n.dirs[first].at(rest)
}

func (n *reference) digest(t *testing.T) digest.Digest {
	d := &Directory{}
	for name, f := range n.files {
		d.Files = append(d.Files, FileNode{name, f.Digest, f.Exec})
	}
	for name, target := range n.links {
		d.Symlinks = append(d.Symlinks, SymlinkNode{name, target})
	}
	for name, dg := range n.trees {
		d.Directories = append(d.Directories, DirectoryNode{name, dg})
	}
	for name, sub := range n.dirs {
		d.Directories = append(d.Directories, DirectoryNode{name, sub.digest(t)})
	}
	return digest.Of(marshal(t, pbDirectory(d)))
}

func TestRootEqualsReference(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var root Root
	for range 300 {
		root.Reset()
		ref := newReference()
		type add func()
		var adds []add
		for i := range r.IntN(40) {
			path := ""
			for range r.IntN(4) {
				path += []string{"a", "a-b", "a.b", "ab", "A", "b"}[r.IntN(6)] + "/"
			}
			path += fmt.Sprintf("n%d", i)
			d := randDigest(r)
			n, base := ref.at(path)
			switch r.IntN(5) {
			case 0:
				n.links[base] = "somewhere"
				adds = append(adds, func() { root.AddSymlink(path, "somewhere") })
			case 1:
				n.trees[base] = d
				adds = append(adds, func() { root.AddTree(path, d) })
			case 2:
				n.dirs[base] = newReference()
				adds = append(adds, func() { root.AddEmptyDir(path) })
				if r.IntN(2) == 0 { // a folder that is not empty after all
					n.dirs[base].files["x"] = FileNode{Digest: d}
					adds = append(adds, func() { root.AddFile(path+"/x", d, false) })
				}
			default:
				x := r.IntN(2) == 0
				n.files[base] = FileNode{Digest: d, Exec: x}
				adds = append(adds, func() { root.AddFile(path, d, x) })
				if r.IntN(4) == 0 {
					adds = append(adds, func() { root.AddFile(path, d, x) })
				}
			}
		}
		r.Shuffle(len(adds), func(i, j int) { adds[i], adds[j] = adds[j], adds[i] })
		for _, f := range adds {
			f()
		}
		got, err := root.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if want := ref.digest(t); got != want {
			t.Fatalf("root of %d entries: got %v, want %v", len(adds), got, want)
		}
		var last digest.Digest
		err = root.Directories(func(d digest.Digest, b []byte) {
			if digest.Of(b) != d {
				t.Fatal("a message under a digest that is not its own")
			}
			if _, err := DecodeDirectory(b); err != nil {
				t.Fatal(err)
			}
			last = d
		})
		if err != nil || last != got {
			t.Fatalf("the last folder is %v, want the root %v (%v)", last, got, err)
		}
	}
}

func TestRootRefuses(t *testing.T) {
	d, o := digest.Of([]byte("d")), digest.Of([]byte("o"))
	for name, tc := range map[string]struct {
		build func(*Root)
		want  string
	}{
		"two files":        {func(r *Root) { r.AddFile("a", d, false); r.AddFile("a", o, false) }, "two different things"},
		"other mode":       {func(r *Root) { r.AddFile("a", d, false); r.AddFile("a", d, true) }, "two different things"},
		"below a file":     {func(r *Root) { r.AddFile("a/b", d, false); r.AddFile("a", d, false) }, "lies inside"},
		"below a tree":     {func(r *Root) { r.AddTree("x/a", d); r.AddFile("x/a/b", d, false) }, "lies inside"},
		"below a link":     {func(r *Root) { r.AddSymlink("a", "b"); r.AddFile("a/b", d, false) }, "lies inside"},
		"file and folder":  {func(r *Root) { r.AddEmptyDir("a"); r.AddFile("a", d, false) }, "two different things"},
		"folder and file":  {func(r *Root) { r.AddFile("a", d, false); r.AddEmptyDir("a") }, "two different things"},
		"folder, tree":     {func(r *Root) { r.AddEmptyDir("a"); r.AddTree("a", d); r.AddFile("a/x", d, false) }, "two different things"},
		"empty":            {func(r *Root) { r.AddFile("", d, false) }, "clean relative"},
		"absolute":         {func(r *Root) { r.AddFile("/a", d, false) }, "clean relative"},
		"climbs":           {func(r *Root) { r.AddFile("a/../b", d, false) }, "clean relative"},
		"dot":              {func(r *Root) { r.AddFile("./b", d, false) }, "clean relative"},
		"slash at the end": {func(r *Root) { r.AddTree("b/", d) }, "clean relative"},
		"zero byte":        {func(r *Root) { r.AddTree("b\x00", d) }, "clean relative"},
	} {
		t.Run(name, func(t *testing.T) {
			var r Root
			tc.build(&r)
			if _, err := r.Digest(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error about %q", err, tc.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	d := digest.Of([]byte("d"))
	file := func(names ...string) []byte {
		var b []byte
		for _, n := range names {
			b = appendFileField(b, &FileNode{Name: n, Digest: d})
		}
		return b
	}
	for name, b := range map[string][]byte{
		"slash":           file("a/b"),
		"dot dot":         file(".."),
		"dot":             file("."),
		"no name":         file(""),
		"zero byte":       file("a\x00"),
		"not UTF-8":       file("a\xff"),
		"long":            file(strings.Repeat("n", 256)),
		"out of order":    file("b", "a"),
		"twice":           file("a", "a"),
		"file and link":   appendSymlinkField(file("a"), &SymlinkNode{"a", "b"}),
		"file, folder":    appendDirectoryField(file("a"), &DirectoryNode{"a", d}),
		"no digest":       appendFileField(nil, &FileNode{Name: "a"}),
		"link to no":      appendSymlinkField(nil, &SymlinkNode{"a", ""}),
		"upper-case hex":  bytes.ToUpper(file("a")),
		"cut":             file("a")[:20],
		"group":           {1<<3 | 3},
		"field 0":         {0, 0},
		"long number":     bytes.Repeat([]byte{0xff}, 20),
		"text":            []byte("this is no message"),
		"properties":      {5<<3 | 2, 1, 0xfb},
		"property":        {5<<3 | 2, 3, 1<<3 | 2, 1, 0xfb},
		"property's name": {5<<3 | 2, 5, 1<<3 | 2, 3, 1<<3 | 2, 1, 0xff},
	} {
		if _, err := DecodeDirectory(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	withProps := marshal(t, &repb.Directory{NodeProperties: &repb.NodeProperties{Properties: []*repb.NodeProperty{{Name: "a"}}}})
	if _, err := DecodeDirectory(withProps); err != nil {
		t.Errorf("node properties are to be skipped: %v", err)
	}
}

func FuzzDecodeDirectory(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		f.Add(AppendDirectory(nil, randDirectory(r)))
	}
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := DecodeDirectory(b)
		if err != nil {
			return
		}
		again := AppendDirectory(nil, d)
		back, err := DecodeDirectory(again)
		if err != nil {
			t.Fatalf("what was accepted is refused when written in order: %v", err)
		}
		if !bytes.Equal(AppendDirectory(nil, back), again) {
			t.Fatal("not canonical")
		}
		var m repb.Directory
		if err := proto.Unmarshal(b, &m); err != nil {
			t.Fatalf("accepted what protobuf refuses: %v", err)
		}
	})
}

// keyOf makes one action's key as graph/action does: three files in three folders.
func keyOf(buf []byte, root *Root, ds *[3]digest.Digest, c *Command, salt []byte) (digest.Digest, []byte) {
	root.Reset()
	root.AddFile("pkg12/src_123.txt", ds[0], false)
	root.AddFile("cairn-out/pkg11/t_99/out.txt", ds[1], false)
	root.AddFile("cairn-out/pkg10/t_98/out.txt", ds[2], false)
	in, err := root.Digest()
	if err != nil {
		panic(err)
	}
	buf = AppendCommand(buf[:0], c)
	a := Action{Command: digest.Of(buf), InputRoot: in, Salt: salt, Platform: c.Platform}
	buf = AppendAction(buf[:0], &a)
	return digest.Of(buf), buf
}

func benchAction() (*[3]digest.Digest, *Command, []byte) {
	return &[3]digest.Digest{digest.Of([]byte("a")), digest.Of([]byte("b")), digest.Of([]byte("c"))},
		&Command{Args: []string{"sh", "-c", "md5sum \"$@\" > out.txt", "x"}, Env: []EnvVar{{"LANG", "C.UTF-8"}, {"TZ", "UTC"}},
			Outputs: []string{"cairn-out/pkg12/t_123/out.txt"}, Platform: []Property{{"arch", "amd64"}, {"os", "linux"}}}, make([]byte, 32)
}

func TestKeyAllocatesNothing(t *testing.T) {
	ds, c, salt := benchAction()
	var root Root
	var buf []byte
	if n := testing.AllocsPerRun(100, func() { _, buf = keyOf(buf, &root, ds, c, salt) }); n != 0 {
		t.Errorf("a key allocates %v times", n)
	}
}

func BenchmarkActionKey(b *testing.B) {
	ds, c, salt := benchAction()
	var root Root
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		_, buf = keyOf(buf, &root, ds, c, salt)
	}
}
