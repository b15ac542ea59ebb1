package git

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/diag"
)

var (
	helper = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9+.-]+::`) })
	scp    = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([A-Za-z0-9._~+][A-Za-z0-9._~+-]*@)?([A-Za-z0-9._][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):[^-]`)
	})
	scheme = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(https|http|ssh|git|file)://`) })
)

// URLCredentials is the code of an address that holds a secret.
const URLCredentials = "url-credentials"

// AddressFault is what is wrong with the address of a repository.
type AddressFault struct {
	Code string // of the problem in BUILD.hcl
	Text string // names the address, without a password that it holds
	Why  string
}

// CheckAddress looks at the form of an address that is no path in a workspace; whether it leads anywhere the fetcher finds out. It
// gives nil for one that is fine.
func CheckAddress(u string) *AddressFault {
	bad := func(code, why string) *AddressFault {
		return &AddressFault{code, fmt.Sprintf("%q is no address of a repository", diag.HideCredentials(u)), why}
	}
	switch {
	case helper().MatchString(u):
		return bad("bad-url", "Remote helpers (transport::address) run commands of the address's choice. Use https or ssh.")
	case strings.ContainsFunc(u, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return bad("bad-url", "It holds spaces, backslashes or control characters.")
	case diag.HasCredentials(u):
		return &AddressFault{URLCredentials, fmt.Sprintf("%q was given with a user name, a password or a token", diag.HideCredentials(u)),
			"Addresses are read by many. Credentials come from git's credential helpers."}
	case !scheme().MatchString(u) && (strings.Contains(u, "://") || !scp().MatchString(u)):
		return bad("bad-url", "It is https://, ssh://, git@host:path, git://, file:///path, or a path that starts with ./ or ../.")
	}
	return nil
}
