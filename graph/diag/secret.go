package diag

import (
	"regexp"
	"sync"
)

var (
	userinfo = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b(https?|git)://[^/\s]*@|\b(ssh)://[^/@\s]*:[^/\s]*@`)
	})
	secretWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)([?&;](?:private_token|access_token|oauth_token|job_token|auth_token|token|api_?key|password|passwd|client_secret)=)[^&;#\s"']+`)
	})
)

// HideCredentials takes out of a text what is secret in the addresses that it names: what stands before the host, but for the user
// of ssh, and the values of words such as `private_token` in a query.
func HideCredentials(s string) string {
	return secretWord().ReplaceAllString(userinfo().ReplaceAllString(s, "$1$2://"), "${1}...")
}

// HasCredentials says whether an address holds what HideCredentials takes out.
func HasCredentials(address string) bool {
	at := userinfo().FindStringIndex(address)
	return at != nil && at[0] == 0 || secretWord().MatchString(address)
}
