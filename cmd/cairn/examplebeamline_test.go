package main

import (
	"net"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules"
	iocmodule "github.com/cairn-build/cairn/rules/ioc/module"
)

// The page on IOC modules works copy by copy, from an empty folder to installed modules.
func TestModulesPage(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the programs of the base are for Linux on x86_64")
	}
	keepIOCsHere(t)
	follow(t, "docs/modules.md", 20)
}

// keepIOCsHere holds IOCs that a page starts to the loopback interface. Ports that are taken are no matter: an IOC takes others.
func keepIOCsHere(t *testing.T) {
	repeater, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repeater.Close() })
	for _, name := range []string{"EPICS_CAS_INTF_ADDR_LIST", "EPICS_PVAS_INTF_ADDR_LIST", "EPICS_CA_ADDR_LIST", "EPICS_PVA_ADDR_LIST"} {
		t.Setenv(name, "127.0.0.1")
	}
	for _, name := range []string{"EPICS_CA_AUTO_ADDR_LIST", "EPICS_PVA_AUTO_ADDR_LIST"} {
		t.Setenv(name, "NO")
	}
	port := strconv.Itoa(repeater.LocalAddr().(*net.UDPAddr).Port)
	t.Setenv("EPICS_CA_REPEATER_PORT", port)
	t.Setenv("EPICS_CAS_BEACON_PORT", port)
}

// What the page calls an attribute is one, of ioc_module or of another kind, and where it says that e3's word is the same in lower case, it is.
func TestModulesPageNamesAttributes(t *testing.T) {
	_, text, ok := strings.Cut(manual(t)["docs/modules.md"], "## What e3 calls it")
	if !ok {
		t.Fatal("the page has no table of e3's words")
	}
	of := func(r *rule.Rule, name string) bool {
		return slices.ContainsFunc(r.Attrs, func(a rule.Attr) bool { return a.Name == name })
	}
	known := func(name string) bool {
		return slices.ContainsFunc(rules.All(), func(r *rule.Rule) bool { return r.Kind == name || of(r, name) })
	}
	word, capital, found := regexp.MustCompile("`([a-z_]+)( = [^`]*)?`"), regexp.MustCompile("`([A-Z_]+)`"), 0
	table, _, _ := strings.Cut(text, "| a command of e3")
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 {
			continue
		}
		if strings.HasPrefix(cells[1], "the same in lower case") {
			for _, m := range capital.FindAllStringSubmatch(cells[0], -1) {
				if found++; !of(iocmodule.Kind, strings.ToLower(m[1])) {
					t.Errorf("ioc_module has no attribute %q", strings.ToLower(m[1]))
				}
			}
		}
		for _, m := range word.FindAllStringSubmatch(cells[1], -1) {
			if found++; !known(m[1]) {
				t.Errorf("%q is no kind, and no kind has such an attribute", m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d words were found: does the test still see them?", found)
	}
}
