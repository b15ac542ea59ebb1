package gittest

import (
	"os"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// packages says which package of Debian's a program is in.
var packages = map[string]string{"nginx": "nginx", "sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}

// find looks for a program where the machine has it, and in Debian's packages otherwise. The error is a *debiantest.MissingError.
func find(name string) (debiantest.Program, error) { return debiantest.Find(name, packages[name]) }

// Have says why a server ("https", "ssh", "git") cannot run here; nil where it can.
func Have(server string) error {
	switch server {
	case "https":
		_, err := find("nginx")
		return err
	case "ssh":
		place, err := os.MkdirTemp("", "sshd-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(place)
		s, err := SSH(place)
		if err != nil {
			return err
		}
		s.Close()
	}
	return nil
}
