package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// unpack unpacks b into a new folder and lists what came: "d path", "f path content", "x path content", "l path -> target".
func unpack(t testing.TB, b []byte, format string, o Options) ([]string, error) {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "a", "b", "in")
	if err := os.MkdirAll(in, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(in)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	err = Unpack(context.Background(), bytes.NewReader(b), int64(len(b)), format, o, root)
	for up, want := range map[string][]string{dir: {"a"}, filepath.Join(dir, "a"): {"b"}, filepath.Join(dir, "a", "b"): {"in"}} {
		es, _ := os.ReadDir(up)
		var names []string
		for _, e := range es {
			names = append(names, e.Name())
		}
		if !slices.Equal(names, want) {
			t.Fatalf("something was written outside: %q", names)
		}
	}
	return list(t, in), err
}

func list(t testing.TB, in string) []string {
	var got []string
	err := filepath.WalkDir(in, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == in {
			return err
		}
		rel, _ := filepath.Rel(in, p)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) != 0 {
			t.Errorf("%s has mode %v", rel, info.Mode())
		}
		switch info.Mode().Type() {
		case fs.ModeDir:
			got = append(got, "d "+rel)
		case fs.ModeSymlink:
			to, _ := os.Readlink(p)
			got = append(got, "l "+rel+" -> "+to)
			if !filepath.IsLocal(filepath.Join(filepath.Dir(rel), to)) {
				t.Errorf("%s links to %s, outside", rel, to)
			}
		case 0:
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			kind := "f "
			switch info.Mode().Perm() {
			case 0o755:
				kind = "x "
			case 0o644:
			default:
				t.Errorf("%s has mode %v", rel, info.Mode())
			}
			if len(b) > 40 {
				b = fmt.Appendf(nil, "%d bytes", len(b))
			}
			got = append(got, kind+rel+" "+string(b))
		default:
			t.Errorf("%s is a %v", rel, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func compressed(t testing.TB, b []byte, format string) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	switch format {
	case "tar.gz":
		w = gzip.NewWriter(&out)
	case "tar.zst":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return b
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bz2 is bzip2's form, in base64, of a tar with the one file "f", which holds "hi\n"; the standard library cannot write it.
const bz2 = "QlpoOTFBWSZTWdQGYzsAAHh7kMmQAEDAAG8AAADhYJ4ABAAACCAAVDKBNGCYRpp6CKk0ABo0NBQ+nlZFEL7VFJV7QNqZ4XIJAe6glFEnGqgWC4tKbMcG" +
	"+E+qNDVKI0IkiSBsXckU4UJDUBmM7A=="

var good = []tarEntry{
	{name: "pkg-1.0/", kind: '5', mode: 0o2755},
	{name: "pkg-1.0/README", body: "hello", mode: 0o666},
	{name: "pkg-1.0/bin/run", body: "#!/bin/sh", mode: 0o4711},
	{name: "pkg-1.0/empty/", kind: '5', mode: 0o700},
	{name: "pkg-1.0/lib/libx.so", link: "libx.so.1", kind: '2'},
	{name: "pkg-1.0/lib/libx.so.1", body: "so"},
	{name: "pkg-1.0/lib/up", link: "../README", kind: '2'},
	{name: "pkg-1.0/same", link: "pkg-1.0/README", kind: '1'},
	{name: "./pkg-1.0//./x y", body: ""},
	{name: "pkg-1.0/ünï", body: "u"},
	{name: "pkg-1.0/empty", kind: '5'},
	{name: "top", body: "left out by strip"},
}

var goodList = []string{"f README hello", "d bin", "x bin/run #!/bin/sh", "d empty", "d lib", "l lib/libx.so -> libx.so.1", "f lib/libx.so.1 so",
	"l lib/up -> ../README", "f same hello", "f x y ", "f ünï u"}

func TestTar(t *testing.T) {
	raw := rawTar(good...)
	for _, format := range []string{"tar", "tar.gz", "tar.zst"} {
		got, err := unpack(t, compressed(t, raw, format), format, Options{Strip: 1})
		if err != nil || !slices.Equal(got, goodList) {
			t.Errorf("%s: %v\n got %q\nwant %q", format, err, got, goodList)
		}
	}
	b, err := base64.StdEncoding.DecodeString(bz2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unpack(t, b, "tar.bz2", Options{}); err != nil || !slices.Equal(got, []string{"f f hi\n"}) {
		t.Errorf("tar.bz2: %q, %v", got, err)
	}
	got, err := unpack(t, raw, "tar", Options{})
	if err != nil || !slices.Contains(got, "f top left out by strip") || !slices.Contains(got, "f pkg-1.0/README hello") {
		t.Errorf("without strip: %q, %v", got, err)
	}
}

func TestZip(t *testing.T) {
	b := rawZip(
		zipEntry{name: "a/", mode: 0o40755},
		zipEntry{name: "a/x.py", body: strings.Repeat("print()\n", 99), method: 8},
		zipEntry{name: "a/run", body: "#!", mode: 0o106755},
		zipEntry{name: "a/link", body: "x.py", mode: 0o120777},
		zipEntry{name: "a/\"quoted\" 'name' $(x)", body: "q"},
	)
	got, err := unpack(t, b, "zip", Options{})
	want := []string{"d a", "f a/\"quoted\" 'name' $(x) q", "l a/link -> x.py", "x a/run #!", "f a/x.py 792 bytes"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
}

func TestEmpty(t *testing.T) {
	for format, b := range map[string][]byte{"tar": rawTar(), "zip": rawZip()} {
		if got, err := unpack(t, b, format, Options{Strip: 1}); err != nil || len(got) != 0 {
			t.Errorf("%s: %q, %v", format, got, err)
		}
	}
}

func TestStripLeavesNothing(t *testing.T) {
	if _, err := unpack(t, rawTar(good...), "tar", Options{Strip: 9}); err == nil || !strings.Contains(err.Error(), "strip = 9") {
		t.Errorf("got %v", err)
	}
}

var manyParts = strings.Repeat("d/", 200) + "f"

// hostile are names and links that both formats refuse.
var hostile = []struct{ what, name, link, want string }{
	{what: "absolute", name: "/etc/x", want: "absolute"},
	{what: "absolute after dots", name: "//etc/x", want: "absolute"},
	{what: "climbs", name: "../x", want: "climbs"},
	{what: "climbs in the middle", name: "a/../../x", want: "climbs"},
	{what: "climbs and stays", name: "a/../x", want: "climbs"},
	{what: "dots at the end", name: "a/..", want: "climbs"},
	{what: "backslash", name: "..\\x", want: "backslash"},
	{what: "not UTF-8", name: "a\xff", want: "not UTF-8"},
	{what: "overlong dots", name: "\xc0\xae\xc0\xae/x", want: "not UTF-8"},
	{what: "full-width dots", name: "\uff0e\uff0e/x", want: "imitates"},
	{what: "one two-dot leader", name: "a/\u2025/x", want: "imitates"},
	{what: "full-width slash", name: "a\uff0f..\uff0fx", want: "imitates"},
	{what: "division slash", name: "a\u2215b", want: "imitates"},
	{what: "newline", name: "a\nb", want: "control"},
	{what: "escape", name: "a\x1b[2Jb", want: "control"},
	{what: "empty", name: "", want: "is empty"},
	{what: "too deep", name: manyParts, want: "too deep"},
	{what: "4096 bytes", name: strings.Repeat("a", 4096), want: "4096 bytes"},
	{what: "5000 bytes", name: strings.Repeat("a", 5000), want: "5000 bytes"},
	{what: "2000 bytes in folders", name: strings.Repeat(strings.Repeat("a", 99)+"/", 20) + "f", want: "too deep"},
	{what: "link to an absolute path", name: "l", link: "/etc/passwd", want: "absolute"},
	{what: "link outside", name: "l", link: "../x", want: "outside"},
	{what: "link outside from a folder", name: "a/b/l", link: "../../../x", want: "outside"},
	{what: "link that goes in and out", name: "l", link: "a/../../x", want: "climbs in its middle"},
	{what: "link with a backslash", name: "l", link: "..\\x", want: "backslash"},
	{what: "link that is not UTF-8", name: "l", link: "\xff", want: "not UTF-8"},
}

func wantRefusal(t *testing.T, what string, err error, want string) {
	t.Helper()
	var e *EntryError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want a refusal with %q", what, err, want)
	}
}

func TestHostileNames(t *testing.T) {
	for _, h := range hostile {
		te, ze := tarEntry{name: h.name, body: "evil"}, zipEntry{name: h.name, body: "evil"}
		if h.link != "" {
			te = tarEntry{name: h.name, kind: '2', link: h.link}
			ze = zipEntry{name: h.name, body: h.link, mode: 0o120777}
		}
		if len(h.name) < 60000 {
			_, err := unpack(t, rawZip(ze), "zip", Options{})
			wantRefusal(t, "zip: "+h.what, err, h.want)
		}
		if h.what == "empty" {
			continue // such a header has no name at all and is told as damage
		}
		_, err := unpack(t, rawTar(te), "tar", Options{})
		wantRefusal(t, "tar: "+h.what, err, h.want)
		te.kind = '5'
		if h.link == "" {
			_, err = unpack(t, rawTar(te), "tar", Options{})
			wantRefusal(t, "tar folder: "+h.what, err, h.want)
			_, err = unpack(t, rawTar(tarEntry{name: "l", kind: '1', link: h.name}), "tar", Options{})
			wantRefusal(t, "tar hard link: "+h.what, err, "hard link")
			if utf := strings.ToValidUTF8(h.name, "") == h.name; utf {
				_, err = unpack(t, rawTar(tarEntry{name: "x", body: "evil", pax: map[string]string{"path": h.name}}), "tar", Options{})
				wantRefusal(t, "tar PAX: "+h.what, err, h.want)
			}
		}
	}
}

func TestHostileTars(t *testing.T) {
	for _, c := range []struct {
		what    string
		entries []tarEntry
		want    string
	}{
		{"character device", []tarEntry{{name: "null", kind: '3'}}, "is a device"},
		{"block device", []tarEntry{{name: "sda", kind: '4'}}, "is a device"},
		{"named pipe", []tarEntry{{name: "p", kind: '6'}}, "named pipe"},
		{"unknown type", []tarEntry{{name: "p", kind: '7'}}, "unknown type"},
		{"through a link", []tarEntry{{name: "d", kind: '2', link: "x"}, {name: "d/f", body: "evil"}}, "which is a link"},
		{"through a link to the root", []tarEntry{{name: "a/d", kind: '2', link: ".."}, {name: "a/d/f", body: "evil"}}, "which is a link"},
		{"through a file", []tarEntry{{name: "d", body: "x"}, {name: "d/f", body: "evil"}}, "which is a file"},
		{"folder, then link", []tarEntry{{name: "d/", kind: '5'}, {name: "d", kind: '2', link: "x"}}, "twice"},
		{"link, then folder", []tarEntry{{name: "d", kind: '2', link: "x"}, {name: "d/", kind: '5'}}, "twice"},
		{"link, then file", []tarEntry{{name: "d", kind: '2', link: "x"}, {name: "d", body: "evil"}}, "twice"},
		{"twice", []tarEntry{{name: "f", body: "good"}, {name: "./f", body: "evil"}}, "twice"},
		{"twice by strip", []tarEntry{{name: "a/f", body: "good"}, {name: "b/f", body: "evil"}}, "twice"},
		{"case", []tarEntry{{name: "Makefile"}, {name: "makefile", body: "evil"}}, "same name"},
		{"case of a folder", []tarEntry{{name: "A/x"}, {name: "a/y"}}, "same name"},
		{"sharp s", []tarEntry{{name: "straße"}, {name: "STRASSE"}}, "same name"},
		{"composed and decomposed", []tarEntry{{name: "\u00e9"}, {name: "e\u0301"}}, "same name"},
		{"Kelvin sign", []tarEntry{{name: "k"}, {name: "\u212a"}}, "same name"},
		{"hard link outside", []tarEntry{{name: "l", kind: '1', link: "../../../etc/passwd"}}, "hard link"},
		{"hard link to nothing", []tarEntry{{name: "l", kind: '1', link: "f"}, {name: "f"}}, "no file that came before"},
		{"hard link to a link", []tarEntry{{name: "s", kind: '2', link: "x"}, {name: "l", kind: '1', link: "s"}}, "no file that came before"},
		{"hard link to a folder", []tarEntry{{name: "s/", kind: '5'}, {name: "l", kind: '1', link: "s"}}, "no file that came before"},
		{"PAX link", []tarEntry{{name: "l", kind: '2', link: "ok", pax: map[string]string{"linkpath": "/etc"}}}, "absolute"},
	} {
		strip := 0
		if c.what == "twice by strip" {
			strip = 1
		}
		_, err := unpack(t, rawTar(c.entries...), "tar", Options{Strip: strip})
		wantRefusal(t, c.what, err, c.want)
	}
}

// TestPaxSize shows that a size in a PAX header is the one that counts, for what is read and for where the next header is.
func TestPaxSize(t *testing.T) {
	smuggled := rawTar(tarEntry{name: "evil", body: "evil"})[:1024]
	b := rawTar(tarEntry{name: "f", body: string(smuggled), size: 1, pax: map[string]string{"size": "1024"}}, tarEntry{name: "g", body: "g"})
	got, err := unpack(t, b, "tar", Options{})
	if want := []string{"f f 1024 bytes", "f g g"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	for _, size := range []string{"-1", "x", "9999999999999999999999", "9223372036854775807"} {
		b := rawTar(tarEntry{name: "f", body: "abc", pax: map[string]string{"size": size}})
		if _, err := unpack(t, b, "tar", Options{}); err == nil {
			t.Errorf("size %s was accepted", size)
		}
	}
}

func TestHostileZips(t *testing.T) {
	for _, c := range []struct {
		what  string
		entry []zipEntry
		want  string
	}{
		{"encrypted", []zipEntry{{name: "f", flags: 1}}, "encrypted"},
		{"a method of its own", []zipEntry{{name: "f", method: 99}}, "not known"},
		{"device", []zipEntry{{name: "f", mode: 0o020644}}, "neither"},
		{"socket", []zipEntry{{name: "f", mode: 0o140644}}, "neither"},
		{"folder with content", []zipEntry{{name: "d/", body: "x", mode: 0o40755}}, "with content"},
		{"twice", []zipEntry{{name: "f", body: "good"}, {name: "f", body: "evil"}}, "twice"},
		{"through a link", []zipEntry{{name: "d", body: "x", mode: 0o120777}, {name: "d/f", body: "evil"}}, "which is a link"},
		{"long link", []zipEntry{{name: "d", body: strings.Repeat("a", 2000), mode: 0o120777}}, "target of more"},
		{"quoted climb", []zipEntry{{name: "\"/../x\"", body: "evil"}}, "climbs"},
	} {
		_, err := unpack(t, rawZip(c.entry...), "zip", Options{})
		wantRefusal(t, c.what, err, c.want)
	}
	for what, e := range map[string]zipEntry{
		"wrong sum":     {name: "f", body: "abc", badSum: true},
		"wrong size":    {name: "f", body: "abc", claimed: 2},
		"damaged data":  {name: "f", body: "abc", method: 8, claimed: 99},
		"an empty link": {name: "f", mode: 0o120777},
	} {
		if _, err := unpack(t, rawZip(e), "zip", Options{}); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestDamage(t *testing.T) {
	b := rawTar(tarEntry{name: "f", body: strings.Repeat("x", 3000)})
	for _, format := range []string{"tar", "tar.gz", "tar.zst"} {
		z := compressed(t, b, format)
		if _, err := unpack(t, z[:len(z)/2], format, Options{}); err == nil {
			t.Errorf("%s: half of it was accepted", format)
		}
		if _, err := unpack(t, []byte("not an archive, but text that is long enough"), format, Options{}); err == nil {
			t.Errorf("%s: text was accepted", format)
		}
	}
	for _, format := range []string{"zip", "tar.bz2", "tar.xz", "rar"} {
		if _, err := unpack(t, []byte("not an archive"), format, Options{}); err == nil {
			t.Errorf("%s: text was accepted", format)
		}
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	for _, format := range []string{"tar.gz", "tar.zst"} {
		z := compressed(t, rawTar(tarEntry{name: "f", body: zeros}), format)
		if _, err := unpack(t, z, format, Options{MaxBytes: 1 << 19}); !errors.Is(err, errTooLarge) {
			t.Errorf("%s: got %v", format, err)
		}
		// Nothing of it is written, but all of it would be decompressed.
		if _, err := unpack(t, z, format, Options{MaxBytes: 1 << 10, MaxEntries: 10, Strip: 5}); !errors.Is(err, errTooLarge) {
			t.Errorf("%s, stripped: got %v", format, err)
		}
	}
	z := rawZip(zipEntry{name: "a", body: zeros, method: 8}, zipEntry{name: "b", body: zeros, method: 8})
	if _, err := unpack(t, z, "zip", Options{MaxBytes: 3 << 19}); !errors.Is(err, errTooLarge) {
		t.Errorf("zip: got %v", err)
	}
	sparse := tarEntry{name: "f", size: 0, pax: map[string]string{"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "f",
		"GNU.sparse.size": "99999999999", "GNU.sparse.numblocks": "1", "GNU.sparse.map": "99999999999,0"}}
	if _, err := unpack(t, rawTar(sparse), "tar", Options{}); !errors.Is(err, errTooLarge) {
		t.Errorf("sparse: got %v", err)
	}
	var many []tarEntry
	for i := range 20 {
		many = append(many, tarEntry{name: fmt.Sprint(i)})
	}
	if _, err := unpack(t, rawTar(many...), "tar", Options{MaxEntries: 19}); err == nil || !strings.Contains(err.Error(), "more than 19 entries") {
		t.Errorf("entries: got %v", err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	b := rawTar(good...)
	if err := Unpack(ctx, bytes.NewReader(b), int64(len(b)), "tar", Options{}, root); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzTar(f *testing.F) {
	f.Add(rawTar(good...))
	for _, h := range hostile {
		f.Add(rawTar(tarEntry{name: h.name, body: "x"}, tarEntry{name: "l", kind: '2', link: h.link}, tarEntry{name: "h", kind: '1', link: h.name}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = unpack(t, b, "tar", Options{Strip: len(b) % 3, MaxBytes: 1 << 20, MaxEntries: 100})
	})
}

func FuzzZip(f *testing.F) {
	f.Add(rawZip(zipEntry{name: "a/b", body: "x", method: 8}, zipEntry{name: "l", body: "a", mode: 0o120777}))
	for _, h := range hostile {
		f.Add(rawZip(zipEntry{name: h.name, body: "x"}, zipEntry{name: "l", body: h.link, mode: 0o120777}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = unpack(t, b, "zip", Options{Strip: len(b) % 3, MaxBytes: 1 << 20, MaxEntries: 100})
	})
}
