package main

import (
	"fmt"
	"net"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// iocPorts sets the variables that keep IOCs and their clients on this machine's loopback, at ports that were free a moment ago. The port
// of caRepeater is held until the script ends: clients take it for one that runs, and leave none behind.
func iocPorts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: iocports")
	}
	repeater, err := net.ListenPacket("udp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { repeater.Close() })
	ca, pva, search := freePort(ts), freePort(ts), freePort(ts)
	held := strconv.Itoa(repeater.LocalAddr().(*net.UDPAddr).Port)
	for name, value := range map[string]string{
		"EPICS_CA_ADDR_LIST": "127.0.0.1", "EPICS_CA_AUTO_ADDR_LIST": "NO", "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
		"EPICS_PVA_ADDR_LIST": "127.0.0.1", "EPICS_PVA_AUTO_ADDR_LIST": "NO", "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
		"EPICS_CA_SERVER_PORT": ca, "EPICS_CAS_SERVER_PORT": ca, "EPICS_CAS_BEACON_PORT": held, "EPICS_CA_REPEATER_PORT": held,
		"EPICS_PVA_SERVER_PORT": pva, "EPICS_PVAS_SERVER_PORT": pva, "EPICS_PVA_BROADCAST_PORT": search, "EPICS_PVAS_BROADCAST_PORT": search,
	} {
		ts.Setenv(name, value)
	}
}

// freePort gives a port that is free for TCP and for UDP.
func freePort(ts *testscript.TestScript) string {
	for range 100 {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		ts.Check(err)
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", port))
		l.Close()
		if err == nil {
			u.Close()
			return strconv.Itoa(port)
		}
	}
	ts.Fatalf("no port is free for TCP and UDP")
	return ""
}
