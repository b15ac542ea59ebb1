package http

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strings"
)

// StatusError is an answer that is neither the file nor a way to it.
type StatusError struct{ Code int }

// Error implements error.
func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", e.Code, nethttp.StatusText(e.Code)))
}

// finalError is an error that the same request would meet again.
type finalError struct{ text string }

// Error implements error.
func (e *finalError) Error() string { return e.text }

func final(format string, args ...any) error { return &finalError{fmt.Sprintf(format, args...)} }

// errRange says that an answer is of no use; the next request does without Range.
var errRange = errors.New("the server answers with another part than was asked for")

// sourceError names the place at which something went wrong.
type sourceError struct {
	url string
	err error
}

// Error implements error.
func (e *sourceError) Error() string {
	text := e.err.Error()
	if strings.Contains(text, "proxy address") { // it quotes the address, password and all
		text = "the address of the proxy is wrong"
	}
	return Redact(e.url) + ": " + text
}

// Unwrap implements errors.Unwrap.
func (e *sourceError) Unwrap() error { return e.err }

// lostError is all that went wrong, place by place, with what can be done about the last.
type lostError struct{ errs []error }

func lostAll(errs []error) error { return &lostError{errs} }

// Error implements error.
func (e *lostError) Error() string {
	var texts []string
	for _, err := range e.errs {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ") + "; " + advice(e.errs[len(e.errs)-1])
}

// Unwrap implements errors.Is and errors.As.
func (e *lostError) Unwrap() []error { return e.errs }

// advice says what a user can do about err.
func advice(err error) string {
	var status *StatusError
	var final *finalError
	var unknown x509.UnknownAuthorityError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &status) && (status.Code == nethttp.StatusUnauthorized || status.Code == nethttp.StatusForbidden):
		return "put credentials for this host into your .netrc"
	case errors.As(err, &status) && status.Code == nethttp.StatusProxyAuthRequired:
		return "put user and password of the proxy into HTTPS_PROXY"
	case errors.As(err, &status) && status.Code < 500:
		return "check the address"
	case errors.As(err, &status):
		return "try again later, or name another place"
	case errors.As(err, &final):
		return "check the address"
	case errors.As(err, &unknown), errors.As(err, &verify):
		return "name the certificates to trust in SSL_CERT_FILE"
	}
	return "check the network and the proxy (HTTPS_PROXY, NO_PROXY)"
}

// worthRetrying says whether the same request may have another outcome.
func worthRetrying(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		switch status.Code {
		case nethttp.StatusRequestTimeout, nethttp.StatusTooEarly, nethttp.StatusTooManyRequests, nethttp.StatusInternalServerError,
			nethttp.StatusBadGateway, nethttp.StatusServiceUnavailable, nethttp.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var verify *tls.CertificateVerificationError
	var final *finalError
	return !errors.As(err, &verify) && !errors.As(err, &final)
}

// Redact gives a URL without what may be secret in it: user, password, query and fragment.
func Redact(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "the URL"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
