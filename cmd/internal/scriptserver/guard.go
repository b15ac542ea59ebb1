package scriptserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// guard says who may not come in. With a token, those who do not show it. Without one, on a port, web pages: a browser sends
// their requests to this machine's own services as well, and names under which they find them are theirs to make (DNS rebinding).
// So the name has to be the machine's own, and a request that names a page as its origin is refused.
func (s *Server) guard(r *http.Request, open bool) *problem {
	if s.o.Token != "" {
		if open || s.shown(r) {
			return nil
		}
		return problemf(http.StatusUnauthorized, "a token is wanted").hint("Authorization: Bearer TOKEN")
	}
	if s.o.Socket {
		return nil // no page reaches it
	}
	if !isLoopback(r.Host) {
		return problemf(http.StatusForbidden, "this service does not answer to the name %s", printable(r.Host)).hint("It answers to localhost, 127.0.0.1 and [::1].")
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return problemf(http.StatusForbidden, "web pages may not ask this service").hint("With a token they may.")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" && site != "same-origin" {
		return problemf(http.StatusForbidden, "web pages may not ask this service").hint("With a token they may.")
	}
	return nil
}

// shown says whether the request shows the token. How long it takes tells nothing of it.
func (s *Server) shown(r *http.Request) bool {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return false
	}
	scheme, token, _ := strings.Cut(all[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(s.o.Token))
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
