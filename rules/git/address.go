package git

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

var (
	helper = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9+.-]+::`) })
	scp    = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([A-Za-z0-9._~+][A-Za-z0-9._~+-]*@)?([A-Za-z0-9._][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):[^-]`)
	})
	scheme = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(https|http|ssh|git|file)://`) })
	secret = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b(https?|git)://[^/\s]*@|\b(ssh)://[^/@\s]*:[^/\s]*@`)
	})
)

// AddressFault is what is wrong with the address of a repository.
type AddressFault struct {
	Code string // of the problem in BUILD.hcl
	Text string // names the address, without a password that it holds
	Why  string
}

// HideCredentials takes out of a text what stands before the host in the addresses that it names, but for the user of ssh.
func HideCredentials(s string) string { return secret().ReplaceAllString(s, "$1$2://") }

// CheckAddress looks at the form of an address that is no path in a workspace; whether it leads anywhere the fetcher finds out. It
// gives nil for one that is fine.
func CheckAddress(u string) *AddressFault {
	bad := func(code, why string) *AddressFault {
		return &AddressFault{code, fmt.Sprintf("%q is no address of a repository", HideCredentials(u)), why}
	}
	at := secret().FindStringIndex(u)
	switch {
	case helper().MatchString(u):
		return bad("bad-url", "Remote helpers (transport::address) run commands of the address's choice. Use https or ssh.")
	case strings.ContainsFunc(u, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return bad("bad-url", "It holds spaces, backslashes or control characters.")
	case at != nil && at[0] == 0:
		return &AddressFault{"url-credentials", fmt.Sprintf("%q was given with a user name or a password", HideCredentials(u)),
			"Addresses are read by many. Credentials come from git's credential helpers."}
	case !scheme().MatchString(u) && (strings.Contains(u, "://") || !scp().MatchString(u)):
		return bad("bad-url", "It is https://, ssh://, git@host:path, git://, file:///path, or a path that starts with ./ or ../.")
	}
	return nil
}
