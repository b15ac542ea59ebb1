package git

import (
	"bytes"
	"strconv"
	"strings"
)

// headers gives the first line of each header of a commit or tag.
func headers(b []byte) map[string]string {
	h := map[string]string{}
	head, _, _ := bytes.Cut(b, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if _, had := h[name]; ok && !had && name != "" {
			h[name] = value
		}
	}
	return h
}

// dateOf gives the seconds at the end of "name <mail> seconds zone", 0 where there are none.
func dateOf(who string) int64 {
	f := strings.Fields(who[strings.LastIndexByte(who, '>')+1:])
	if len(f) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
