package registry

import (
	"encoding/base64"
	nethttp "net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// npmrc is npm's configuration by key. Credentials stand under keys such as //host/path/:_authToken.
type npmrc map[string]string

// readNpmrc reads the user's .npmrc, and the variables that win over it.
func readNpmrc(getenv func(string) string) npmrc {
	env := func(key string) string {
		name := "npm_config_" + strings.ReplaceAll(key, "-", "_")
		if v := getenv(name); v != "" {
			return v
		}
		return getenv(strings.ToUpper(name))
	}
	rc := npmrc{}
	for _, key := range []string{"globalconfig", "userconfig"} {
		path := env(key)
		if path == "" && key == "userconfig" && getenv("HOME") != "" {
			path = filepath.Join(getenv("HOME"), ".npmrc")
		}
		if b, err := os.ReadFile(path); err == nil {
			parseNpmrc(string(b), getenv, rc)
		}
	}
	for _, key := range []string{"registry", "cafile", "strict-ssl", "https-proxy", "proxy"} {
		if v := env(key); v != "" {
			rc[key] = v
		}
	}
	return rc
}

// parseNpmrc reads `key = value` lines with ${VARIABLE} in them; ; and # start comments.
func parseNpmrc(text string, getenv func(string) string, rc npmrc) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			key, value = line, "true"
		}
		value = strings.TrimSpace(value)
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		rc[expand(strings.TrimSpace(key), getenv)] = expand(value, getenv)
	}
}

// expand replaces ${NAME}; what is not set stays as it is, as with npm.
func expand(s string, getenv func(string) string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, ok := strings.Cut(rest, "}")
		if v := getenv(name); ok && v != "" {
			b.WriteString(v)
			s = after
			continue
		}
		b.WriteString("${")
		s = rest
	}
}

// login gives the header that the configuration has for an address: the entry for the longest path above it.
func (rc npmrc) login(address string) nethttp.Header {
	h := nethttp.Header{}
	u, err := url.Parse(address)
	if err != nil {
		return h
	}
	for p := u.Path; ; p = p[:strings.LastIndexByte(p, '/')] {
		for _, at := range []string{"//" + u.Host + p + "/:", "//" + u.Host + p + ":"} {
			switch {
			case rc[at+"_authToken"] != "":
				h.Set("Authorization", "Bearer "+rc[at+"_authToken"])
				return h
			case rc[at+"_auth"] != "":
				h.Set("Authorization", "Basic "+rc[at+"_auth"])
				return h
			case rc[at+"username"] != "" && rc[at+"_password"] != "":
				if pw, err := base64.StdEncoding.DecodeString(rc[at+"_password"]); err == nil {
					h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(rc[at+"username"]+":"+string(pw))))
					return h
				}
			}
		}
		if p == "" || !strings.Contains(p, "/") {
			return h
		}
	}
}
