package disk

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// TestMain lets the test binary stand for another process that uses the cache.
func TestMain(m *testing.M) {
	dir := os.Getenv("CAIRN_TEST_DIR")
	switch os.Getenv("CAIRN_TEST_ROLE") {
	case "":
		os.Exit(m.Run())
	case "append": // appends until it is killed, and says what was acknowledged
		c, err := Open(dir, Options{PackMax: 200_000})
		if err != nil {
			panic(err)
		}
		out := os.Stdout
		for i := 0; ; i++ {
			d, err := c.Put(fmt.Append(value(i), os.Getpid(), i))
			if err != nil {
				panic(err)
			}
			if err := c.Record(cache.Result, digest.Of(fmt.Append(nil, os.Getpid(), i)).Hash, []byte(d.String())); err != nil {
				panic(err)
			}
			fmt.Fprintln(out, i)
		}
	case "trees": // makes tree 2, and waits for tree 1 meanwhile
		c, err := Open(dir, Options{})
		if err != nil {
			panic(err)
		}
		two, err := c.lockTree(key(2))
		if err != nil {
			panic(err)
		}
		fmt.Println("two")
		free := make(chan struct{})
		go func() {
			bufio.NewReader(os.Stdin).ReadString('\n')
			two.Unlock()
			close(free)
		}()
		_, err = c.lockTree(key(1))
		fmt.Println("one", err)
		<-free
		os.Exit(0)
	case "lock": // locks a key, says so, and waits for its input to end
		c, err := Open(dir, Options{Command: "another cairn"})
		if err != nil {
			panic(err)
		}
		_, _, ok := c.LockKey(key(1))
		l, err := c.Lease()
		if err != nil {
			panic(err)
		}
		fmt.Println(ok)
		bufio.NewReader(os.Stdin).ReadString('\n')
		l.Release()
		os.Exit(0)
	}
}

func helper(t *testing.T, role, dir string) (*exec.Cmd, *bufio.Reader, func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CAIRN_TEST_ROLE="+role, "CAIRN_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { in.Close(); cmd.Process.Kill(); cmd.Wait() }
	t.Cleanup(end)
	return cmd, bufio.NewReader(out), end
}

// Whatever was acknowledged before kill -9 can be read afterwards, and the cache can be written to.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[int]int{} // process -> records
	for round := range 6 {
		a, outA, _ := helper(t, "append", dir)
		b, outB, _ := helper(t, "append", dir)
		for range 40 + 130*round {
			outA.ReadString('\n')
			outB.ReadString('\n')
		}
		a.Process.Kill()
		b.Process.Kill()
		for cmd, out := range map[*exec.Cmd]*bufio.Reader{a: outA, b: outB} {
			last := 40 + 130*round - 1
			for { // what was in the pipe was acknowledged too; a torn last line was not
				line, err := out.ReadString('\n')
				if err != nil {
					break
				}
				last, _ = strconv.Atoi(strings.TrimSpace(line))
			}
			cmd.Wait()
			acknowledged[cmd.Process.Pid] = last + 1
		}
	}
	damage := 0
	c := open(t, dir, Options{OnCorrupt: func(*cache.CorruptError) { damage++ }})
	for pid, n := range acknowledged {
		for i := range n {
			v, ok := c.Lookup(cache.Result, digest.Of(fmt.Append(nil, pid, i)).Hash)
			if !ok {
				t.Fatalf("record %d of %d of process %d is lost", i, n, pid)
			}
			d, err := digest.Parse(string(v))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Get(d); err != nil {
				t.Fatalf("blob %d of process %d: %v", i, pid, err)
			}
		}
	}
	if damage != 0 {
		t.Errorf("%d entries are damaged", damage)
	}
	if s, err := c.Verify(t.Context(), nil); err != nil || len(s.Bad) != 0 {
		t.Errorf("verify: %+v, %v", s, err)
	}
}

func TestLockKey(t *testing.T) {
	dir := t.TempDir()
	c, same := open(t, dir, Options{Command: "this one"}), open(t, dir, Options{})
	other, out, end := helper(t, "lock", dir)
	if line, _ := out.ReadString('\n'); line != "true\n" {
		t.Fatalf("the helper says %q", line)
	}
	if _, owner, ok := c.LockKey(key(1)); ok || owner != (Owner{other.Process.Pid, "another cairn", false}) {
		t.Errorf("locked by two processes, or by whom is wrong: %v, %+v", ok, owner)
	}
	l, _, ok := c.LockKey(key(2))
	if !ok {
		t.Fatal("a free key cannot be locked")
	}
	if _, owner, ok := same.LockKey(key(2)); ok || owner.PID != os.Getpid() || owner.Own {
		t.Errorf("locked twice in one process: %v, %+v", ok, owner)
	}
	l.Unlock()
	if l, _, ok := same.LockKey(key(2)); !ok {
		t.Error("not free after Unlock")
	} else {
		l.Unlock()
	}
	end() // kill -9
	l, owner, ok := c.LockKey(key(1))
	if !ok {
		t.Fatalf("the lock has outlived its process: %+v", owner)
	}
	l.Unlock()
}
