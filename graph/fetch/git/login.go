package git

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	gittransport "github.com/go-git/go-git/v5/plumbing/transport"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// login is what go-git shows to a server, and what it believes one by. The git of the system finds all of it by itself.
type login struct {
	auth gittransport.AuthMethod // nil: go-git's own choice
	ca   []byte
}

// keyFiles are the names that ssh tries, the likeliest first.
var keyFiles = []string{"id_ed25519", "id_ecdsa", "id_rsa"}

// who reads the caller's environment: GIT_SSL_CAINFO for https; for ssh the agent that SSH_AUTH_SOCK names and, where there is none, a
// key without a password in HOME/.ssh. Who a server is says known_hosts there, or the file that SSH_KNOWN_HOSTS names.
func (e embedded) who(a address) (login, error) {
	env := map[string]string{}
	for _, v := range e.environ() {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	ep, err := gittransport.NewEndpoint(a.text)
	if err != nil {
		return login{}, err
	}
	var l login
	switch ep.Protocol {
	case "https":
		if file := env["GIT_SSL_CAINFO"]; file != "" {
			if l.ca, err = os.ReadFile(file); err != nil {
				return l, fmt.Errorf("GIT_SSL_CAINFO: %w", err)
			}
		}
	case "ssh":
		user := ep.User
		if user == "" {
			user = env["USER"]
		}
		if env["SSH_AUTH_SOCK"] != "" {
			return l, nil // go-git asks it
		}
		for _, name := range keyFiles {
			file := filepath.Join(env["HOME"], ".ssh", name)
			if _, err := os.Stat(file); env["HOME"] == "" || err != nil {
				continue
			}
			keys, err := gitssh.NewPublicKeysFromFile(user, file, "")
			if err != nil {
				return l, fmt.Errorf("the key %s cannot be used: %w; git on PATH would ask ssh", file, err)
			}
			l.auth = keys
			return l, nil
		}
		return l, fmt.Errorf("there is no way to log in at %s: neither does SSH_AUTH_SOCK name an agent, nor is there a key in HOME/.ssh; git on PATH would ask ssh", a.show)
	}
	return l, nil
}
