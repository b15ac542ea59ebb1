package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// ran is how many actions of each kind a build started.
type ran map[string]int

// counted runs cairn and says how many actions of each kind ran, and how long it took.
func (b *bench) counted(dir string, args ...string) (ran, time.Duration, error) {
	events := filepath.Join(b.dir, "events")
	_, _, took, err := (command{dir, b.env(), append(append([]string{b.cairn}, args...), "--events", events)}).run()
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(events)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	counts := ran{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e struct{ Type, Mnemonic string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, 0, err
		}
		if e.Type == "start" {
			counts[e.Mnemonic]++
		}
	}
	return counts, took, lines.Err()
}
