// Package httpd is what cairn's services over HTTP have in common: who may come in, how errors are said, and the limits that keep one
// client from using up what others need. It knows nothing of what is served.
package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Door says who may not come in. With a token, those who do not show it. Without one, on a port, web pages: a browser sends
// their requests to this machine's own services as well, and names under which they find them are theirs to make (DNS rebinding).
// So the name has to be the machine's own, and a request that names a page as its origin is refused.
type Door struct {
	// Token is what clients have to show; "": nobody has to.
	Token string
	// Socket says that clients come through a Unix socket, whose mode says who may.
	Socket bool
}

// Refuse gives the answer to a request that may not come in, nil for one that may. open is a resource that needs no token.
func (d Door) Refuse(r *http.Request, open bool) *Problem {
	if d.Token != "" {
		if open || d.shown(r) {
			return nil
		}
		return Problemf(http.StatusUnauthorized, "a token is wanted").WithHint("Authorization: Bearer TOKEN")
	}
	if d.Socket {
		return nil // no page reaches it
	}
	if p := OwnName(r); p != nil {
		return p
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return Problemf(http.StatusForbidden, "web pages may not ask this service").WithHint("With a token they may.")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" && site != "same-origin" {
		return Problemf(http.StatusForbidden, "web pages may not ask this service").WithHint("With a token they may.")
	}
	return nil
}

// OwnName refuses a request under a name that is not this machine's own.
func OwnName(r *http.Request) *Problem {
	if isLoopback(r.Host) {
		return nil
	}
	return Problemf(http.StatusForbidden, "this service does not answer to the name %s", Printable(r.Host)).WithHint("It answers to localhost, 127.0.0.1 and [::1].")
}

// shown says whether the request shows the token. How long it takes tells nothing of it.
func (d Door) shown(r *http.Request) bool {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return false
	}
	scheme, token, _ := strings.Cut(all[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(d.Token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// isLoopback says whether a Host header, or an address to listen at, names this machine by a name that nobody else can have.
func isLoopback(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if _, bad := strconv.ParseUint(port, 10, 16); err == nil && bad != nil {
		return false
	}
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// IsLoopback says whether a service that listens at an address, host:port, can be reached from this machine only.
func IsLoopback(addr string) bool { return isLoopback(addr) }
