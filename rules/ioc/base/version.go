package base

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// What a base says of its version: in the program's own words, in epicsVersion.h, in configure/CONFIG_BASE_VERSION.
var (
	saidVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`EPICS R?([0-9]+\.[0-9]+\.[0-9]+(\.[0-9]+)?)`) })
	headerLine  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*#[ \t]*define[ \t]+EPICS_(VERSION|REVISION|MODIFICATION|PATCH_LEVEL)[ \t]+\(?([0-9]+)`)
	})
	configLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*EPICS_(VERSION|REVISION|MODIFICATION|PATCH_LEVEL)[ \t]*:?=[ \t]*([0-9]+)`)
	})
)

// libraryVersion gives the version that a library of a base names, "" for none.
func libraryVersion(lib []byte) string {
	if m := saidVersion().FindSubmatch(lib); m != nil {
		return string(m[1])
	}
	return ""
}

// headerVersion gives the version that epicsVersion.h defines, "" for none.
func headerVersion(h []byte) string { return joinVersion(headerLine(), h) }

// configVersion gives the version of configure/CONFIG_BASE_VERSION, "" for none.
func configVersion(f []byte) string { return joinVersion(configLine(), f) }

func joinVersion(line *regexp.Regexp, text []byte) string {
	part := map[string]string{}
	for _, m := range line.FindAllSubmatch(text, -1) {
		if part[string(m[1])] == "" {
			part[string(m[1])] = string(m[2])
		}
	}
	if part["VERSION"] == "" || part["REVISION"] == "" || part["MODIFICATION"] == "" {
		return ""
	}
	v := part["VERSION"] + "." + part["REVISION"] + "." + part["MODIFICATION"]
	if p := part["PATCH_LEVEL"]; p != "" && p != "0" {
		v += "." + p
	}
	return v
}

// versionHeader gives an epicsVersion.h for a version of three or four numbers.
func versionHeader(version string) ([]byte, error) {
	var n [4]int
	parts := strings.Split(version, ".")
	if len(parts) < 3 || len(parts) > 4 {
		return nil, fmt.Errorf("%q is no version of EPICS", version)
	}
	for i, p := range parts {
		var err error
		if n[i], err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("%q is no version of EPICS", version)
		}
	}
	return fmt.Appendf(nil, `/* Made by cairn: the version of the programs that modules are loaded into. */
#ifndef INC_epicsVersion_H
#define INC_epicsVersion_H

#define EPICS_VERSION        %d
#define EPICS_REVISION       %d
#define EPICS_MODIFICATION   %d
#define EPICS_PATCH_LEVEL    %d
#define EPICS_DEV_SNAPSHOT   ""
#define EPICS_SITE_VERSION   ""

#define EPICS_VERSION_SHORT  "%[5]s"
#define EPICS_VERSION_FULL   "%[5]s"
#define EPICS_VERSION_STRING "EPICS %[5]s"
#define epicsReleaseVersion  "EPICS R%[5]s"

#ifndef VERSION_INT
#define VERSION_INT(V, R, M, P) (((V) << 24) | ((R) << 16) | ((M) << 8) | (P))
#endif
#define EPICS_VERSION_INT VERSION_INT(EPICS_VERSION, EPICS_REVISION, EPICS_MODIFICATION, EPICS_PATCH_LEVEL)

#endif
`, n[0], n[1], n[2], n[3], version), nil
}
