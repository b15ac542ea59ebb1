package rule

import (
	"fmt"
	"path"
	"strings"
)

// HostFolder gives the name, among Spawn.HostTools, of a folder of the host: an installed EPICS base, say. Its identity is what lies in it
// (names, contents, what links lead to, what may be executed), and that it is not there is an identity as well; times and owners are
// none of it. A sandbox shows it read-only, and HostTool(name) stands for its path. Where only is given, nothing else counts: each element
// is a path below the folder, in whose parts * ? and [] match as in path.Match, and means what lies there with all that is below it. A command must
// not read anything else, though it could. The path is one that CheckHostFolder accepts.
func HostFolder(path string, only ...string) string {
	return strings.Join(append([]string{"folder", path}, only...), folderSep)
}

// HostFolderText gives the text that stands for a folder's name where people read it: its path, and in brackets the parts that count. It is false
// for the names of programs.
func HostFolderText(name string) (string, bool) {
	parts := strings.Split(name, folderSep)
	if len(parts) < 2 || parts[0] != "folder" {
		return "", false
	}
	if len(parts) == 2 {
		return parts[1], true
	}
	return parts[1] + " (" + strings.Join(parts[2:], " ") + ")", true
}

// folderSep keeps the parts of a folder's name apart; graph/toolset takes it apart.
const folderSep = "::"

// CheckHostFolder says what is wrong with a path that is to be a HostFolder; nil if nothing is. The error completes a sentence that starts with
// what the path is.
func CheckHostFolder(p string) error {
	switch {
	case p == "":
		return fmt.Errorf("cannot be empty")
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("must be absolute")
	case strings.ContainsAny(p, "\x00\x01\x02\t\n\r") || strings.Contains(p, folderSep):
		return fmt.Errorf("cannot hold control characters or %q", folderSep)
	case p == "/":
		return fmt.Errorf("cannot be the whole machine")
	case path.Clean(p) != p:
		return fmt.Errorf("must be written in its shortest form, %q", path.Clean(p))
	}
	return nil
}
