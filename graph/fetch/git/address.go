package git

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/fetch"
)

// address is where a repository is.
type address struct {
	text string // as git takes it
	show string // for people; holds no secret
	id   string // names the mirror: equal for spellings that surely mean the same place
}

// workspaceScheme starts the address of a repository or bundle in the workspace: what follows is the path from its root.
const workspaceScheme = "workspace:"

var (
	helper = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9+.-]+::`) })
	scp    = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:([A-Za-z0-9._~+-]+)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(.+)$`)
	})
	ports = map[string]string{"https": "443", "http": "80", "ssh": "22", "git": "9418"}
)

// parseAddress reads https, http, ssh, git and file URLs, the short form of ssh (git@host:path) and workspace:path. All that
// git would take for an option, or for a command to run, is refused. The error is a *fetch.DeclaredError.
func parseAddress(text, root string) (address, error) {
	refuse := func(why, hint string) (address, error) {
		return address{}, &fetch.DeclaredError{Code: "bad-url", Summary: fmt.Sprintf("%q is no address of a repository", redact(text)), Detail: why, Hint: hint}
	}
	switch {
	case text == "":
		return refuse("It is empty.", "")
	case strings.HasPrefix(text, "-"):
		return refuse("It starts with a dash.", "")
	case helper().MatchString(text):
		return refuse("Remote helpers (transport::address) run commands of the address's choice.", "Use https or ssh.")
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return refuse("It holds spaces, backslashes or control characters.", "")
	}
	if rel, ok := strings.CutPrefix(text, workspaceScheme); ok {
		if rel == "" || rel != path.Clean(rel) || !filepath.IsLocal(filepath.FromSlash(rel)) || strings.HasPrefix(rel, "-") || root == "" {
			return refuse("It leaves the workspace.", "")
		}
		at := filepath.Join(root, filepath.FromSlash(rel))
		return address{text: at, show: rel, id: mirrorID("file://" + filepath.ToSlash(at))}, nil
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		m := scp().FindStringSubmatch(text)
		if m == nil {
			return refuse("It has neither a scheme nor the form user@host:path.", "A repository on this machine is file:///absolute/path.")
		}
		if strings.HasPrefix(m[1], "-") || strings.HasPrefix(m[2], "-") || strings.HasPrefix(m[3], "-") {
			return refuse("A part of it starts with a dash.", "")
		}
		return address{text: text, show: text, id: mirrorID("scp://" + m[1] + "@" + strings.ToLower(m[2]) + ":" + trimGit(m[3]))}, nil
	}
	u, err := url.Parse(text)
	scheme = strings.ToLower(scheme)
	switch {
	case err != nil:
		return refuse("It is malformed.", "")
	case scheme == "file":
		if u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
			return refuse("A file URL has three slashes and an absolute path.", "file:///srv/git/x.git")
		}
		a := address{text: text, show: text, id: mirrorID("file://" + path.Clean(u.Path))}
		if fi, err := os.Stat(u.Path); err == nil && fi.Mode().IsRegular() {
			a.text = u.Path // a bundle, which git takes by its path only
		}
		return a, nil
	case ports[scheme] == "":
		return refuse(fmt.Sprintf("There is no way to fetch from %s://.", scheme), "It takes https, ssh, git, http and file.")
	case u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-"):
		return refuse("Its host is missing or starts with a dash.", "")
	}
	if _, secret := u.User.Password(); secret || u.User != nil && scheme != "ssh" {
		return refuse("An address holds no credentials.", "They come from git's credential helpers.")
	}
	host := strings.ToLower(u.Hostname())
	if p := u.Port(); p != "" && p != ports[scheme] {
		host += ":" + p
	}
	if name := u.User.Username(); name != "" {
		host = name + "@" + host
	}
	return address{text: text, show: redact(text), id: mirrorID(scheme + "://" + host + trimGit(u.Path) + "?" + u.RawQuery)}, nil
}

func trimGit(p string) string { return strings.TrimSuffix(strings.TrimRight(p, "/"), ".git") }

func mirrorID(normal string) string {
	h := sha256.Sum256([]byte(normal))
	return hex.EncodeToString(h[:16])
}

var userinfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://[^/@\s]*@`) })

// redact takes out of a text what may be a secret in the URLs that it quotes.
func redact(s string) string {
	s = userinfo().ReplaceAllString(s, "://")
	if before, _, ok := strings.Cut(s, "?"); ok && strings.Contains(before, "://") && !strings.ContainsAny(s, " \n") {
		s = before
	}
	return s
}

// checkRef says what is wrong with a ref that Resolve is asked for; see git-check-ref-format.
func checkRef(ref string) error {
	if ref == "HEAD" || len(ref) >= 4 && len(ref) <= 64 && isHex(ref) {
		return nil
	}
	name, ok := strings.CutPrefix(ref, "refs/")
	bad := !ok || name == "" || strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.Contains(ref, "//") ||
		strings.HasSuffix(ref, "/") || strings.HasSuffix(ref, ".") ||
		strings.ContainsFunc(ref, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) })
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return &fetch.DeclaredError{Code: "bad-ref", Summary: fmt.Sprintf("%q is no name of a branch or tag", ref)}
	}
	return nil
}
