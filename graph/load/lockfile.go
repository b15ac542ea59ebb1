package load

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load/format/layout"
)

// LockFile is the name of the workspace's lock file, in its root.
const LockFile = "BUILD.lock.hcl"

// LockKey names an entry of the lock: a kind of source and the target that declares it.
type LockKey struct {
	Kind  string
	Label label.Label
}

// Lock is what declared sources were resolved to: a few words for each (commit, tree, sha256). It is safe for concurrent
// use.
//
// The file is HCL: a comment, then one block for each entry, sorted by kind and label, its attributes strings and sorted
// by name:
//
//	lock "git_source" "//pkg:name" {
//	  commit = "..."
//	  tree   = "..."
//	}
type Lock struct {
	mu      sync.Mutex
	entries map[LockKey]map[string]string
	changed bool
}

// NewLock gives an empty lock.
func NewLock() *Lock { return &Lock{entries: map[LockKey]map[string]string{}} }

// Get gives an entry, false where there is none. The caller may change the map.
func (k *Lock) Get(key LockKey) (map[string]string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.entries[key]
	return maps.Clone(e), ok
}

// Set makes or replaces an entry; nil removes it.
func (k *Lock) Set(key LockKey, entry map[string]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	had, ok := k.entries[key]
	if entry == nil {
		delete(k.entries, key)
		k.changed = k.changed || ok
		return
	}
	if !ok || !maps.Equal(had, entry) {
		k.entries[key] = maps.Clone(entry)
		k.changed = true
	}
}

// Changed says whether the lock differs from what was read or last written.
func (k *Lock) Changed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.changed
}

// Keys gives the keys of all entries, sorted.
func (k *Lock) Keys() []LockKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys()
}

func (k *Lock) keys() []LockKey {
	ks := make([]LockKey, 0, len(k.entries))
	for key := range k.entries {
		ks = append(ks, key)
	}
	slices.SortFunc(ks, func(a, b LockKey) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		return label.Compare(a.Label, b.Label)
	})
	return ks
}

// Bytes gives the lock file's text.
func (k *Lock) Bytes() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	var text bytes.Buffer
	for _, key := range k.keys() {
		fmt.Fprintf(&text, "\nlock %s %s {\n", hclString(key.Kind), hclString(key.Label.String()))
		e := k.entries[key]
		for _, name := range sortedKeys(e) {
			fmt.Fprintf(&text, "%s = %s\n", name, hclString(e[name]))
		}
		text.WriteString("}\n")
	}
	return append([]byte("# What declared sources were resolved to. Written by cairn; `cairn lock` moves entries.\n"), layout.Source(text.Bytes())...)
}

// hclString gives s as HCL writes it between quotes: in Unicode's composed form, without templates, what does not print by
// its number.
func hclString(s string) string {
	s = cty.NormalizeString(s)
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Write puts the lock into the workspace at root, atomically. A lock without entries that was never written stays unwritten.
func (k *Lock) Write(root string) error {
	text := k.Bytes()
	path := filepath.Join(root, LockFile)
	had, err := readPlain(path)
	if err == nil && bytes.Equal(had, text) || os.IsNotExist(err) && len(k.Keys()) == 0 {
		k.settled()
		return nil
	}
	tmp, err := os.CreateTemp(root, ".BUILD.lock.*")
	if err != nil {
		return fmt.Errorf("write lock file: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone already where the rename succeeded
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write lock file: %w", err)
	}
	k.settled()
	return nil
}

func (k *Lock) settled() {
	k.mu.Lock()
	k.changed = false
	k.mu.Unlock()
}

// ParseLock reads a lock file's text. file is its name in ranges.
func ParseLock(src []byte, file string) (*Lock, diag.List) {
	k := NewLock()
	body, ds := parse(src, file)
	if ds.HasErrors() {
		return k, ds
	}
	bad := func(d diag.Diag) {
		d.Code = "bad-lock"
		d.Hint = "cairn writes this file; take it back from version control, or remove the entry and run `cairn lock`."
		ds = append(ds, d)
	}
	for _, a := range body.Attributes {
		bad(diag.Diag{Summary: fmt.Sprintf("A lock file has no attribute %q", clip(a.Name)), Range: rangeOf(a.Range())})
	}
	for _, b := range body.Blocks {
		if b.Type != "lock" || len(b.Labels) != 2 || len(b.Body.Blocks) > 0 {
			bad(diag.Diag{Summary: "Not an entry of a lock file", Detail: `An entry is lock "kind" "//label" { name = "text" }.`, Range: rangeOf(b.DefRange())})
			continue
		}
		l, err := label.Parse(b.Labels[1], "")
		if err != nil || l.String() != b.Labels[1] {
			bad(diag.Diag{Summary: "Bad label in the lock file", Detail: "A label in the lock file is written in full.", Range: rangeOf(b.LabelRanges[1])})
			continue
		}
		key := LockKey{b.Labels[0], l}
		if _, dup := k.entries[key]; dup {
			bad(diag.Diag{Summary: fmt.Sprintf("Two entries for %s", l), Range: rangeOf(b.DefRange())})
			continue
		}
		e := map[string]string{}
		for _, a := range b.Body.Attributes {
			s, ok := literalText(a.Expr)
			if !ok || badText(s) != "" {
				bad(diag.Diag{Summary: "A value in a lock file is a plain string", Range: rangeOf(a.Expr.Range()), Context: blockContext(b)})
				continue
			}
			e[a.Name] = s
		}
		k.entries[key] = e
	}
	return k, ds
}

// LocalFile is the name of the file of this machine's own settings, in the workspace's root. It is never committed.
const LocalFile = "cairn.local.hcl"

// Local is what cairn.local.hcl holds.
type Local struct {
	Tools map[string]string // program of the host -> absolute path
	vars  map[string]localVar
}

type localVar struct {
	value cty.Value
	rng   diag.Range
}

// parseLocal reads cairn.local.hcl: `vars = { x = ... }` and `tools = { gcc = "/opt/gcc/bin/gcc" }`, literals only. It may hold
// secrets, so none of its lines is ever shown.
func parseLocal(src []byte) (*Local, diag.List) {
	l := &Local{Tools: map[string]string{}, vars: map[string]localVar{}}
	body, ds := parse(src, LocalFile)
	if !ds.HasErrors() {
		ds = l.read(body)
	}
	for i := range ds {
		ds[i].NoSource = true
	}
	return l, ds
}

func (l *Local) read(body *hclsyntax.Body) (ds diag.List) {
	names := []string{"tools", "vars"}
	for _, b := range body.Blocks {
		ds = append(ds, diag.Diag{Code: "unknown-block", Summary: fmt.Sprintf("%s has no block %q", LocalFile, clip(b.Type)), Range: rangeOf(b.DefRange()),
			Hint: "Write vars = { ... } and tools = { ... }."})
	}
	for _, name := range sortedKeys(body.Attributes) {
		a := body.Attributes[name]
		if !slices.Contains(names, name) {
			ds = append(ds, diag.Diag{Code: "unknown-attribute", Summary: fmt.Sprintf("%s has no attribute %q", LocalFile, clip(name)), Range: rangeOf(a.NameRange),
				Hint: diag.DidYouMean(name, names)})
			continue
		}
		obj, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
		if !ok {
			ds = append(ds, diag.Diag{Code: "bad-type", Summary: fmt.Sprintf("%s is a map", name), Range: rangeOf(a.Expr.Range())})
			continue
		}
		for _, it := range obj.Items {
			kv, hd := it.KeyExpr.Value(nil)
			v, hd2 := it.ValueExpr.Value(nil)
			if hd.HasErrors() || hd2.HasErrors() || !kv.IsKnown() || kv.IsNull() || kv.Type() != cty.String || !v.IsWhollyKnown() {
				ds = append(ds, diag.Diag{Code: "bad-expression", Summary: LocalFile + " holds literals only", Range: rangeOf(it.ValueExpr.Range())})
				continue
			}
			key, rng := kv.AsString(), rangeOf(it.ValueExpr.Range())
			if name == "vars" {
				l.vars[key] = localVar{v, rng}
				continue
			}
			if v.IsNull() || v.Type() != cty.String || !filepath.IsAbs(v.AsString()) || badText(v.AsString()) != "" {
				ds = append(ds, diag.Diag{Code: "bad-type", Summary: "A tool's path is an absolute path", Range: rng})
				continue
			}
			l.Tools[key] = v.AsString()
		}
	}
	return ds
}
