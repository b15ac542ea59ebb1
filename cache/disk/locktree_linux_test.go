package disk

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Two processes that each make a tree, and each wait for the other's, are no deadlock: who makes one waits for none.
func TestTwoTrees(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	one, err := c.lockTree(key(1))
	if err != nil {
		t.Fatal(err)
	}
	cmd, out, end := helper(t, "trees", dir)
	if line, err := out.ReadString('\n'); line != "two\n" {
		t.Fatalf("%q, %v", line, err)
	}
	// The other process is to wait already.
	waits := fmt.Sprintf("WRITE %d ", cmd.Process.Pid)
	for limit := time.Now().Add(time.Minute); ; <-time.After(time.Millisecond) {
		b, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Fatal(err)
		}
		blocked := false
		for line := range strings.Lines(string(b)) {
			blocked = blocked || strings.Contains(line, "-> POSIX") && strings.Contains(line, waits)
		}
		if blocked {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("process %d does not wait:\n%s", cmd.Process.Pid, b)
		}
	}
	got := make(chan error, 1)
	go func() {
		two, err := c.lockTree(key(2))
		if err == nil {
			two.Unlock()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatalf("tree 2 was given while another process made it: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	one.Unlock()
	if line, err := out.ReadString('\n'); line != "one <nil>\n" {
		t.Fatalf("%q, %v", line, err)
	}
	end()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}
