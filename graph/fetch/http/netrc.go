package http

import (
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
)

// login is one machine of a .netrc; host is "" for the default.
type login struct{ host, user, password string }

// readNetrc reads $NETRC, else ~/.netrc; a file that cannot be read is none.
func (c *Client) readNetrc() []login {
	path := c.o.Getenv("NETRC")
	if path == "" {
		home := c.o.Getenv("HOME")
		if home == "" {
			return nil
		}
		path = filepath.Join(home, ".netrc")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return parseNetrc(string(b))
}

// parseNetrc reads the words of a .netrc: machine, default, login, password, account. A macdef runs to an empty line.
func parseNetrc(text string) []login {
	var ls []login
	var cur *login
	macro := false
	var words []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if macro {
			macro = len(fields) > 0
			continue
		}
		for _, f := range fields {
			if strings.HasPrefix(f, "#") && !wantsValue(words) {
				break
			}
			if f == "macdef" && !wantsValue(words) {
				macro = true
				break
			}
			words = append(words, f)
		}
	}
	for i := 0; i < len(words); i++ {
		value := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch words[i] {
		case "machine":
			ls = append(ls, login{host: value()})
			cur = &ls[len(ls)-1]
		case "default":
			ls = append(ls, login{})
			cur = &ls[len(ls)-1]
		case "login", "password", "account":
			what := words[i]
			v := value()
			if cur == nil {
				continue
			}
			switch what {
			case "login":
				cur.user = v
			case "password":
				cur.password = v
			}
		}
	}
	return ls
}

// wantsValue says whether the last of words takes the next one as its value.
func wantsValue(words []string) bool {
	odd := false
	for _, w := range words {
		if odd {
			odd = false
			continue
		}
		switch w {
		case "machine", "login", "password", "account":
			odd = true
		}
	}
	return odd
}

// authorize adds credentials of the .netrc, where the request has none of its own.
func (c *Client) authorize(r *nethttp.Request) {
	if r.URL.User != nil || r.Header.Get("Authorization") != "" {
		return
	}
	for _, l := range c.netrc() {
		if (l.host == r.URL.Hostname() || l.host == "") && (l.user != "" || l.password != "") {
			r.SetBasicAuth(l.user, l.password)
			return
		}
	}
}
