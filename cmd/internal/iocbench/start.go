package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// mark is what an IOC says once iocInit is done.
const mark = "iocbench-is-up"

// start compares the start of an IOC by cairn with that of the same program by a script as one writes it by hand.
func (b *bench) start() error {
	if _, _, err := b.counted("stats", "cache", "//..."); err != nil {
		return err
	}
	out := b.Path("stats", "cairn-out")
	var script strings.Builder
	for _, m := range []string{"iocstats/iocstats/3.2.0", "above/above/1.0.0"} {
		name, _, _ := strings.Cut(m, "/")
		fmt.Fprintf(&script, "dlload %s/%s/lib/linux-x86_64/lib%s.so\ndbLoadDatabase %s/%s/dbd/%s.dbd\n%s_registerRecordDeviceDriver\n", out, m, name, out, m, name, name)
	}
	hand := b.Path("hand.cmd")
	if err := figures.Write(hand, script.String()+"iocInit\necho "+mark+"\nexit\n"); err != nil {
		return err
	}
	run := out + "/base/runtime"
	env := append(b.env("cache"), loopback()...)
	byHand := func() (time.Duration, error) {
		return untilUp(figures.Command{Dir: b.Path("stats"), Env: env, Argv: []string{run + "/bin/linux-x86_64/softIocPVA", "-D", run + "/dbd/softIocPVA.dbd", hand}})
	}
	byCairn := func() (time.Duration, error) {
		return untilUp(figures.Command{Dir: b.Path("stats"), Env: env, Argv: []string{b.Cairn, "run", "//:started"}})
	}
	all, err := figures.Turns(2*b.turns, byHand, byCairn)
	if err != nil {
		return err
	}
	fmt.Printf("\nfrom the start of a command to the end of iocInit, two modules\n")
	all[0].Line("softIocPVA, a script by hand")
	all[1].Line("`cairn run` of an ioc")
	b.Gate("start of an IOC", all[1].Least()-all[0].Least(), 100*time.Millisecond, "0.1 s over the script by hand")
	return nil
}

// untilUp starts an IOC and says how long it took until it said the mark; then the IOC exits by itself.
func untilUp(c figures.Command) (time.Duration, error) {
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	stuck := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // it was found to be gone where this fails
	defer stuck.Stop()
	var took time.Duration
	var said strings.Builder
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if took == 0 && strings.TrimSpace(lines.Text()) == mark {
			took = time.Since(start)
		}
	}
	_, _ = io.Copy(io.Discard, pipe) // a line that is too long ends the scanner, and must not end the IOC
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", strings.Join(c.Argv, " "), err, said.String())
	}
	if took == 0 {
		return 0, errors.New("the IOC did not come up: " + said.String())
	}
	return took, nil
}

// loopback keeps an IOC to this machine, at ports that nobody has.
func loopback() []string {
	env := []string{"EPICS_CA_AUTO_ADDR_LIST=NO", "EPICS_PVA_AUTO_ADDR_LIST=NO", "EPICS_CAS_AUTO_BEACON_ADDR_LIST=NO", "EPICS_PVAS_AUTO_BEACON_ADDR_LIST=NO"}
	for _, n := range []string{"CA_ADDR_LIST", "CAS_INTF_ADDR_LIST", "CAS_BEACON_ADDR_LIST", "PVA_ADDR_LIST", "PVAS_INTF_ADDR_LIST"} {
		env = append(env, "EPICS_"+n+"=127.0.0.1")
	}
	for _, n := range []string{"CA_SERVER", "CAS_SERVER", "CAS_BEACON", "CA_REPEATER", "PVA_SERVER", "PVAS_SERVER", "PVA_BROADCAST", "PVAS_BROADCAST"} {
		env = append(env, fmt.Sprintf("EPICS_%s_PORT=%d", n, freePort()))
	}
	return env
}

// freePort gives a port that was free a moment ago, 0 where there is none.
func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
