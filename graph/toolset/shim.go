package toolset

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

// A version manager puts stand-ins ("shims") on PATH: one file, or copies of one, under the names of all its programs. What
// it starts depends on its settings, so that neither the stand-in's path nor its content says what program runs.

// errUnknownShim says that a program is a stand-in of nobody knows whom.
var errUnknownShim = errors.New("a stand-in of an unknown version manager")

// behind gives the program that a stand-in stands for and the files that decide that, or "" where links[0] is no stand-in.
// links are the path that was found and where it leads. Errors: errUnknownShim, *ShimError, ctx's.
func (r *Resolver) behind(ctx context.Context, name string, links []string) (real string, decide []string, err error) {
	end := links[len(links)-1]
	head := firstBytes(end, 4096)
	argv, decide := r.manager(name, links[0], end, head)
	env := r.shimEnv()
	if m := rbenvRoot().FindSubmatch(head); m != nil && argv != nil {
		env = append(env, string(m[1])+"="+string(m[2]))
	}
	if argv == nil {
		if !looksLikeShim(end, head) {
			return "", nil, nil
		}
		if pythonName().MatchString(name) { // any interpreter tells who it is
			argv = []string{links[0], "-c", "import sys; print(sys.executable)"}
		} else {
			return "", nil, errUnknownShim
		}
	}
	if !filepath.IsAbs(argv[0]) {
		f, err := r.find(argv[0])
		if err != nil {
			return "", nil, &ShimError{name, links[0], err.Error()}
		}
		argv[0] = f.path
	}
	out, _, err := r.ask(ctx, env, argv...)
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	if err != nil {
		return "", nil, &ShimError{name, links[0], err.Error()}
	}
	p := lastLine(out)
	if !filepath.IsAbs(p) || !executable(p) {
		return "", nil, &ShimError{name, links[0], "it says " + strings.TrimSpace(out)}
	}
	if p == links[0] || p == end {
		return "", nil, &ShimError{name, links[0], "it stands for itself"}
	}
	return p, decide, nil
}

var (
	// pyenv, rbenv, nodenv, goenv: exec "/root/.pyenv/libexec/pyenv" exec "$program" "$@"
	rbenvShim = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^exec "([^"$]+)/libexec/([a-z]+env)" exec "\$program"`)
	})
	// What those are told by their shim: their versions may lie elsewhere than they do, and elsewhere than below HOME.
	rbenvRoot = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^export ([A-Z]+ENV_ROOT)="([^"$]+)"`) })
	// asdf before 0.16: exec /home/u/.asdf/bin/asdf exec "node" "$@"; since then exec asdf exec ...
	asdfShim = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^exec "?([^"\s]*asdf)"? exec`) })
)

// manager gives the question that a version manager answers with a program's path, nil where none is recognised, and the
// files that hold its settings for a whole user. The environment's settings (PYENV_VERSION) count, those of a folder
// (.python-version) do not: a tool does not depend on where cairn was started. For that there is cairn.local.hcl.
func (r *Resolver) manager(name, path, end string, head []byte) (argv, decide []string) {
	home, _ := r.o.Getenv("HOME")
	from := func(env, rel string) string {
		if v, ok := r.o.Getenv(env); ok && v != "" {
			return v
		}
		return filepath.Join(home, rel)
	}
	base := filepath.Base(end)
	if xcodeStub(path) {
		return []string{"/usr/bin/xcrun", "--find", name}, []string{"/var/db/xcode_select_link"}
	}
	if m := rbenvShim().FindSubmatch(head); m != nil {
		root := string(m[1])
		if own := rbenvRoot().FindSubmatch(head); own != nil {
			root = string(own[2])
		}
		return []string{string(m[1]) + "/libexec/" + string(m[2]), "which", name}, []string{root + "/version"}
	}
	if m := asdfShim().FindSubmatch(head); m != nil && isScript(head) {
		return []string{string(m[1]), "which", name}, []string{filepath.Join(home, ".tool-versions")}
	}
	switch {
	case name == base:
	case base == "rustup", base == "rustup-init":
		return []string{end, "which", name}, []string{filepath.Join(from("RUSTUP_HOME", ".rustup"), "settings.toml")}
	case base == "mise":
		return []string{end, "which", name}, []string{filepath.Join(from("XDG_CONFIG_HOME", ".config"), "mise/config.toml")}
	case base == "volta-shim":
		return []string{filepath.Join(filepath.Dir(end), "volta"), "which", name}, []string{filepath.Join(from("VOLTA_HOME", ".volta"), "tools/user/platform.json")}
	}
	// Rustup also installs itself as hard links.
	if up := filepath.Join(filepath.Dir(path), "rustup"); name != "rustup" && sameFile(up, end) {
		return []string{up, "which", name}, []string{filepath.Join(from("RUSTUP_HOME", ".rustup"), "settings.toml")}
	}
	return nil, nil
}

// xcodeStub says whether a path is one of macOS's stand-ins for the tools of Xcode.
func xcodeStub(path string) bool {
	return runtime.GOOS == "darwin" && filepath.Dir(path) == "/usr/bin" && path != "/usr/bin/xcrun" && sameContent(path, "/usr/bin/xcrun")
}

// sameContent compares two files by their size and first bytes.
func sameContent(a, b string) bool {
	fa, err := os.Stat(a)
	if err != nil {
		return false
	}
	fb, err := os.Stat(b)
	return err == nil && fa.Size() == fb.Size() && bytes.Equal(firstBytes(a, 4096), firstBytes(b, 4096))
}

// looksLikeShim says whether a script is one file under many names that starts what it is called by: it asks for its own
// name, and at least two others in its folder have the same content. System folders hold no shims, but scripts that do more
// than one thing (gunzip, bzdiff).
func looksLikeShim(path string, head []byte) bool {
	if !isScript(head) || InSystem(path) || len(head) == 4096 ||
		!bytes.Contains(head, []byte("$0")) && !bytes.Contains(head, []byte("${0##*/}")) || !bytes.Contains(head, []byte("exec")) {
		return false
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	same := 0
	for _, e := range entries {
		fi, err := e.Info()
		if err != nil || !fi.Mode().IsRegular() || fi.Size() != int64(len(head)) {
			continue
		}
		if bytes.Equal(firstBytes(filepath.Join(filepath.Dir(path), e.Name()), 4096), head) {
			if same++; same >= 3 {
				return true
			}
		}
	}
	return false
}

func isScript(head []byte) bool { return bytes.HasPrefix(head, []byte("#!")) }

func firstBytes(path string, n int) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, n)
	m, _ := io.ReadFull(f, b)
	return b[:m]
}

func sameFile(a, b string) bool {
	fa, err := os.Stat(a)
	if err != nil {
		return false
	}
	fb, err := os.Stat(b)
	return err == nil && os.SameFile(fa, fb)
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[strings.LastIndexByte(s, '\n')+1:])
}
