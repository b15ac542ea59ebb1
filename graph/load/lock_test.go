package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/label"
)

const lockText = `# What declared sources were resolved to. Written by cairn; ` + "`cairn lock`" + ` moves entries.

lock "git_source" "//a:b" {
  commit = "c0ffee"
  tree   = "$${x} \"quoted\"\n"
}

lock "git_source" "//b:a@k" {
}

lock "http_file" "//:x" {
  sha256 = "00"
}
`

func TestLock(t *testing.T) {
	k := NewLock()
	k.Set(LockKey{"http_file", label.Label{Name: "x"}}, map[string]string{"sha256": "00"})
	k.Set(LockKey{"git_source", label.Label{Pkg: "b", Name: "a@k"}}, map[string]string{})
	ab := LockKey{"git_source", label.Label{Pkg: "a", Name: "b"}}
	k.Set(ab, map[string]string{"tree": "${x} \"quoted\"\n", "commit": "c0ffee"})
	if d := cmp.Diff(lockText, string(k.Bytes())); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	root := t.TempDir()
	if err := k.Write(root); err != nil {
		t.Fatal(err)
	}
	if k.Changed() {
		t.Error("changed after Write")
	}
	b, err := os.ReadFile(filepath.Join(root, LockFile))
	if err != nil || string(b) != lockText {
		t.Errorf("%v\n%s", err, b)
	}
	if es, _ := os.ReadDir(root); len(es) != 1 {
		t.Errorf("left behind: %v", es)
	}
	back, ds := ParseLock(b, LockFile)
	if ds != nil {
		t.Fatal(ds)
	}
	e, ok := back.Get(ab)
	if d := cmp.Diff(map[string]string{"tree": "${x} \"quoted\"\n", "commit": "c0ffee"}, e); !ok || d != "" {
		t.Error(d)
	}
	back.Set(ab, e)
	if back.Changed() {
		t.Error("setting what is there changes nothing")
	}
	back.Set(ab, nil)
	if _, ok := back.Get(ab); ok || !back.Changed() || len(back.Keys()) != 2 {
		t.Error("removed entry")
	}
}

// TestLockTextIsHcls compares the text with what HCL's own writer makes of the same entries.
func TestLockTextIsHcls(t *testing.T) {
	texts := []string{"", "$", "${", "$${", "$$${a}", "%{", "%%{", "%${", "$%{ if }", "$ {", "a{b}", "\\${", "a\"b\\c\n\r\t\a", "e\u0301", "\u00a0\u200b\u2028\ufeff\ufffd", "\U0001f600\U000e0001\U0010ffff", "a\xffb", "# x", "/* x"}
	for r := rune(0); r < 0x3000; r += 64 {
		var b strings.Builder
		for i := range rune(64) {
			b.WriteRune(r + i)
		}
		texts = append(texts, b.String())
	}
	k := NewLock()
	f := hclwrite.NewEmptyFile()
	for i, s := range texts {
		if got, want := hclString(s), string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", s, got, want)
		}
		key := LockKey{"kind " + s, label.Label{Pkg: fmt.Sprintf("p%04d", i), Name: "x"}}
		k.Set(key, map[string]string{"a": s, "longer": s + "x", "é": s})
	}
	for _, key := range k.Keys() {
		f.Body().AppendNewline()
		b := f.Body().AppendNewBlock("lock", []string{key.Kind, key.Label.String()}).Body()
		e, _ := k.Get(key)
		for _, name := range []string{"a", "longer", "é"} {
			b.SetAttributeValue(name, cty.StringVal(e[name]))
		}
	}
	_, got, _ := strings.Cut(string(k.Bytes()), "\n")
	if d := cmp.Diff(string(hclwrite.Format(f.Bytes())), got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestEmptyLockIsNotWritten(t *testing.T) {
	root := t.TempDir()
	if err := NewLock().Write(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, LockFile)); !os.IsNotExist(err) {
		t.Errorf("written: %v", err)
	}
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{"4GiB": 4 << 30, "500MB": 500e6, "1.5KiB": 1536, "7B": 7, "1 kB": 1000} {
		if got, ok := parseSize(s); !ok || got != want {
			t.Errorf("%s = %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "4", "GiB", "-1GiB", "1e300TiB", "0B", "0.1B", "NaNB", "InfB", "0x1pGiB"} {
		if got, ok := parseSize(s); ok {
			t.Errorf("%q = %d", s, got)
		}
	}
}
