package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// project is the workload, written for one tool.
type project struct {
	tool  string
	dir   string
	argv  []string
	env   []string
	ts    []*target
	count string // gets a byte for each command that ran; "" where commands may not write it
	wipe  func() error
}

// uncounted is how many commands a project ran that cannot count them.
const uncounted = -1

// build runs the tool and checks how many commands that took; want < 0 takes any number.
func (p *project) build(want int) (sample, error) {
	if p.count != "" {
		if err := os.WriteFile(p.count, nil, 0o644); err != nil {
			return sample{}, err
		}
	}
	s, err := measure(p.dir, p.dir+".log", p.env, p.argv...)
	if err != nil || p.count == "" {
		s.ran = uncounted
		return s, err
	}
	fi, err := os.Stat(p.count)
	if err != nil {
		return s, err
	}
	if s.ran = int(fi.Size()); want >= 0 && s.ran != want {
		return s, fmt.Errorf("%s ran %d commands in %s, and should have run %d", p.tool, s.ran, p.dir, want)
	}
	return s, nil
}

// edit changes the source of a target.
func (p *project) edit(t *target, salt uint64) error {
	return os.WriteFile(filepath.Join(p.dir, t.source()), sourceBytes(t, salt), 0o644)
}

// counting gives what a command of the shell has to end with so that it is counted.
func (p *project) counting() string {
	if p.count == "" {
		return ""
	}
	return "echo>>" + p.count + ";"
}

// cairnProject writes the workload for cairn. Commands in a sandbox cannot be counted.
func (b *bench) cairnProject(ts []*target, sandbox string) (*project, bool, error) {
	p := &project{tool: "cairn", ts: ts, dir: filepath.Join(b.Dir, fmt.Sprintf("cairn-%s-%d", sandbox, len(ts)))}
	p.argv = []string{b.Cairn, "build", "--sandbox=" + sandbox, "-j", strconv.Itoa(b.jobs), "//..."}
	p.env = []string{"CAIRN_CACHE=" + p.dir + ".cache"}
	if sandbox == "off" {
		p.count = p.dir + ".count"
	}
	p.wipe = func() error {
		if err := os.RemoveAll(filepath.Join(p.dir, "cairn-out")); err != nil {
			return err
		}
		return removeCache(p.dir + ".cache")
	}
	if p.ready() {
		return p, false, nil
	}
	if err := write(filepath.Join(p.dir, "BUILD.hcl"), []byte("workspace \"gates\" {}\n")); err != nil {
		return nil, false, err
	}
	for i := 0; i < len(ts); i += perPackage {
		var o bytes.Buffer
		for _, t := range ts[i:min(i+perPackage, len(ts))] {
			var deps []string
			for _, d := range t.deps {
				deps = append(deps, fmt.Sprintf("%q", "//"+d.pkg+":"+d.name))
			}
			fmt.Fprintf(&o, "command %q {\n  srcs   = [%q]\n  deps   = [%s]\n  outs   = [%q]\n  script = %q\n}\n\n",
				t.name, t.name+".src", strings.Join(deps, ", "), t.name+".out", p.counting()+"md5sum $SRCS $DEPS>$OUT")
		}
		if err := write(filepath.Join(p.dir, ts[i].pkg, "BUILD.hcl"), o.Bytes()); err != nil {
			return nil, false, err
		}
	}
	return p, true, p.finish()
}

// removeCache removes a cache, read-only folders of trees too.
func removeCache(dir string) error {
	err := os.RemoveAll(dir)
	if !os.IsPermission(err) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
	return os.RemoveAll(dir)
}

// ninjaProject writes the workload for ninja or samurai, whose outputs lie beside the sources. pretend makes commands
// count by their outputs alone, see pretend.
func (b *bench) ninjaProject(tool, bin string, ts []*target, counted, pretended bool) (*project, bool, error) {
	kind := tool
	if !counted {
		kind += "-plain"
	}
	p := &project{tool: tool, ts: ts, dir: filepath.Join(b.Dir, fmt.Sprintf("%s-%d", kind, len(ts)))}
	p.argv = []string{bin, "-j" + strconv.Itoa(b.jobs)}
	if counted {
		p.count = p.dir + ".count"
	}
	p.wipe = func() error {
		for _, t := range ts {
			if err := os.Remove(filepath.Join(p.dir, t.pkg, t.name+".out")); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		for _, f := range []string{".ninja_log", ".ninja_deps"} {
			if err := os.Remove(filepath.Join(p.dir, f)); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		return nil
	}
	if p.ready() {
		return p, false, nil
	}
	var o bytes.Buffer
	fmt.Fprintf(&o, "rule r\n  command = %smd5sum $in>$out\n  description = $out\n", p.counting())
	if pretended {
		o.WriteString("  generator = 1\n")
	}
	for _, t := range ts {
		fmt.Fprintf(&o, "build %s/%s.out: r %s", t.pkg, t.name, t.source())
		for _, d := range t.deps {
			fmt.Fprintf(&o, " %s/%s.out", d.pkg, d.name)
		}
		o.WriteByte('\n')
	}
	if err := write(filepath.Join(p.dir, "build.ninja"), o.Bytes()); err != nil {
		return nil, false, err
	}
	return p, true, p.finish()
}

// pretend makes a project of ninja's look built without running its commands: files, and a log that has them. With
// `generator = 1` ninja takes a log whose hashes of commands are made up; it parses, stats and reads as after a real build.
func (p *project) pretend(bin string) error {
	head, err := logHead(p.dir+".probe", bin)
	if err != nil {
		return err
	}
	var log bytes.Buffer
	log.WriteString(head + "\n")
	for i, t := range p.ts {
		path := filepath.Join(p.dir, t.pkg, t.name+".out")
		if err := os.WriteFile(path, bytes.Repeat([]byte{'x'}, 150), 0o644); err != nil {
			return err
		}
		fi, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&log, "0\t1\t%d\t%s/%s.out\t%x\n", fi.ModTime().UnixNano(), t.pkg, t.name, i+1)
	}
	return os.WriteFile(filepath.Join(p.dir, ".ninja_log"), log.Bytes(), 0o644)
}

// logHead has ninja write a log, and gives its first line, which names the version.
func logHead(dir, bin string) (string, error) {
	defer os.RemoveAll(dir)
	if err := write(filepath.Join(dir, "build.ninja"), []byte("rule r\n  command = touch $out\nbuild a: r\n")); err != nil {
		return "", err
	}
	if _, err := measure(dir, filepath.Join(dir, "log"), nil, bin); err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(dir, ".ninja_log"))
	head, _, _ := strings.Cut(string(b), "\n")
	return head, err
}

// finish writes the sources, and then a mark that all is written.
func (p *project) finish() error {
	for _, t := range p.ts {
		if err := write(filepath.Join(p.dir, t.source()), sourceBytes(t, 0)); err != nil {
			return err
		}
	}
	return os.WriteFile(p.dir+".ready", nil, 0o644)
}

func (p *project) ready() bool {
	_, err := os.Stat(p.dir + ".ready")
	return err == nil
}
