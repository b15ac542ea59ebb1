package gittest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// SSH serves repositories by their absolute paths through sshd, to who has a key that is made for it. place is an empty folder for its
// files. A *debiantest.MissingError where there is no sshd, or where this user cannot run one.
func SSH(place string) (*Server, error) {
	sshd, err := find("sshd")
	if err != nil {
		return nil, err
	}
	ssh, err := find("ssh")
	if err != nil {
		return nil, err
	}
	keygen, err := find("ssh-keygen")
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, &debiantest.MissingError{Program: "sshd", Why: err}
	}
	s := &Server{Key: filepath.Join(place, "id_ed25519")}
	host := filepath.Join(place, "host_key")
	for _, key := range []string{s.Key, host} {
		c := exec.Command(keygen.Path, "-q", "-t", "ed25519", "-N", "", "-C", "cairn's tests", "-f", key)
		c.Env = append(os.Environ(), keygen.Env()...)
		if err := run(c); err != nil {
			return nil, err
		}
	}
	public, err := os.ReadFile(s.Key + ".pub")
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf(`HostKey %[1]s/host_key
AuthorizedKeysFile %[1]s/authorized_keys
PidFile none
StrictModes no
UsePAM %[2]s
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AcceptEnv GIT_PROTOCOL
LogLevel ERROR
`, place, map[bool]string{true: "no", false: "yes"}[os.Geteuid() == 0]) // who cannot read /etc/shadow seems to be locked out without it
	for option, helper := range map[string]string{"SshdSessionPath": "sshd-session", "SshdAuthPath": "sshd-auth"} { // newer ones are several programs
		if at := filepath.Join(sshd.Root, "usr/lib/openssh", helper); sshd.Root != "" && exists(at) {
			conf += option + " " + at + "\n"
		}
	}
	for name, text := range map[string]string{"authorized_keys": string(public), "sshd_config": conf} {
		if err := os.WriteFile(filepath.Join(place, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	start, err := startSSHD(sshd, place)
	if err != nil {
		return nil, &debiantest.MissingError{Program: "sshd", Why: err}
	}
	addr, err := s.serveConnections(start)
	if err != nil {
		return nil, err
	}
	hostPublic, err := os.ReadFile(host + ".pub")
	if err != nil {
		s.Close()
		return nil, err
	}
	name, port, _ := strings.Cut(addr.String(), ":")
	known := filepath.Join(place, "known_hosts")
	if err := os.WriteFile(known, []byte(fmt.Sprintf("[%s]:%s %s", name, port, hostPublic)), 0o600); err != nil {
		s.Close()
		return nil, err
	}
	s.URL = "ssh://" + me.Username + "@" + addr.String()
	client := ssh.Path
	if env := ssh.Env(); env != nil {
		client = "env " + strings.Join(env, " ") + " " + client
	}
	client += " -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=" + known + " -i " + s.Key
	s.Env = []string{"GIT_SSH_COMMAND=" + client, "SSH_KNOWN_HOSTS=" + known}
	if err := run(exec.Command("sh", "-c", client+" -p "+port+" "+me.Username+"@"+name+" true")); err != nil {
		s.Close()
		return nil, &debiantest.MissingError{Program: "sshd", Why: err}
	}
	s.visits.Store(0)
	return s, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// hasShell says why this user can log in nowhere: sshd runs commands by the shell that /etc/passwd names.
func hasShell() error {
	b, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return err
	}
	id := strconv.Itoa(os.Geteuid())
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 7 || f[2] != id {
			continue
		}
		if strings.HasSuffix(f[6], "nologin") || strings.HasSuffix(f[6], "false") {
			return fmt.Errorf("the user %s may not log in", f[0])
		}
		return nil
	}
	if runtime.GOOS == "darwin" {
		return nil // users are elsewhere
	}
	return fmt.Errorf("the user %s is not in /etc/passwd", id)
}

// startSSHD gives the command of one connection's sshd. Where it is root's, sshd wants a user of its own and a folder below /run; a
// machine that has them not gets them in a view that only sshd has.
func startSSHD(sshd debiantest.Program, place string) (func() *exec.Cmd, error) {
	argv := []string{sshd.Path, "-i", "-e", "-f", filepath.Join(place, "sshd_config")}
	if err := hasShell(); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		_, err := user.Lookup("sshd")
		if err != nil || !exists("/run/sshd") {
			passwd, err := os.ReadFile("/etc/passwd")
			if err != nil {
				return nil, err
			}
			text := string(passwd)
			if !strings.Contains(text, "\nsshd:") {
				text = strings.TrimRight(text, "\n") + "\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
			}
			own := filepath.Join(place, "passwd")
			if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
				return nil, err
			}
			view := "mount --bind " + own + " /etc/passwd && mount -t tmpfs none /run && mkdir -m 755 /run/sshd"
			if err := run(exec.Command("unshare", "-m", "sh", "-euc", view)); err != nil {
				return nil, fmt.Errorf("root's sshd needs a user sshd and /run/sshd, and a view that has them is not to be had: %w", err)
			}
			argv = append([]string{"unshare", "-m", "sh", "-euc", view + `; exec "$@"`, "-"}, argv...)
		}
	}
	return func() *exec.Cmd {
		c := exec.Command(argv[0], argv[1:]...)
		c.Env = append(serverEnv(), sshd.Env()...)
		return c
	}, nil
}
