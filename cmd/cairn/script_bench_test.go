package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// scriptBench is a workspace with an environment of 25 packages and 10,000 files, bytecode counted, and a script of a git repository.
type scriptBench struct {
	*testing.B
	dir, cairn string
	env        []string
}

// BenchmarkScript measures what cairn costs a person who starts a script. `second`: `cairn run` of a script when nothing has
// changed, less the same Python with the script started by hand. `commit`: the whole of `cairn run` after a commit that changes
// just the script. `functions` is `second` for a script whose main is called. All report the least and the median:
// go test ./cmd/cairn -run '^$' -bench Script -benchtime 30x
func BenchmarkScript(b *testing.B) {
	s := newScriptBench(b)
	b.Run("second", func(b *testing.B) { s.second(b) })
	b.Run("functions", func(b *testing.B) { s.second(b, "--main-args", "[]") })
	b.Run("commit", s.commit)
}

func newScriptBench(b *testing.B) *scriptBench {
	s := &scriptBench{B: b, dir: b.TempDir()}
	s.cairn = filepath.Join(s.dir, "cairn")
	s.must(exec.Command("go", "build", "-o", s.cairn, "."))
	site := http.FileServer(http.Dir(s.dir))
	server := httptest.NewServer(site)
	b.Cleanup(server.Close)
	s.env = []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "CAIRN_CACHE=" + b.TempDir(), "PIP_INDEX_URL=" + server.URL + "/simple", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_COMMITTER_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_EMAIL=a@example.org"}
	if err := offerUV(s.dir); err != nil {
		b.Fatal(err)
	}
	lock := "lock-version = \"1.0\"\n"
	for p := range 25 {
		name := fmt.Sprintf("part%02d", p)
		files := map[string]string{name + "/__init__.py": "N = 1\n"}
		for i := range 199 {
			files[fmt.Sprintf("%s/m%03d.py", name, i)] = fmt.Sprintf("def f%d(x):\n    return x + %d\n", i, p)
		}
		sum, err := packWheel(s.dir, name+"-1-py3-none-any.whl", files)
		if err != nil {
			b.Fatal(err)
		}
		lock += fmt.Sprintf("[[packages]]\nname = %q\nversion = \"1\"\nwheels = [{ name = \"%s-1-py3-none-any.whl\", hashes = { sha256 = %q } }]\n", name, name, sum)
	}
	s.file("repo/pylock.toml", lock)
	s.file("repo/run.py", "import part00, part24\nprint('at', 0)\ndef main():\n    pass\n")
	s.file("ws/BUILD.hcl", `workspace "bench" {}
git_source "repo" {
  url    = "file://`+s.dir+`/repo"
  branch = "trunk"
  follow = true
}
python_env "env" { project = ":repo" }
script "run" {
  source     = ":repo"
  path       = "run.py"
  python_env = ":env"
}
`)
	s.must(s.in("repo", "git", "init", "-q", "-b", "trunk", "."))
	s.commitAll()
	s.must(s.in("ws", s.cairn, "run", "//:run"))
	return s
}

func (s *scriptBench) in(dir string, argv ...string) *exec.Cmd {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Env = filepath.Join(s.dir, dir), s.env
	return c
}

func (s *scriptBench) must(c *exec.Cmd) string {
	s.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		s.Fatalf("%v: %v\n%s", c.Args, err, out)
	}
	return string(out)
}

func (s *scriptBench) file(name, text string) {
	s.Helper()
	p := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *scriptBench) commitAll() {
	s.Helper()
	s.must(s.in("repo", "git", "add", "-A"))
	s.must(s.in("repo", "git", "commit", "-q", "-m", "x"))
}

// took gives a command's wall time, and what it said.
func (s *scriptBench) took(c *exec.Cmd) (time.Duration, string) {
	began := time.Now()
	said := s.must(c)
	return time.Since(began), said
}

func (s *scriptBench) second(b *testing.B, more ...string) {
	s.B = b
	// With --offline a source that follows its branch is not asked for: what git costs is in `commit`.
	where := strings.Fields(s.must(s.in("ws", s.cairn, "run", "--offline", "//:env", "--", "-c", "import sys; print('python', sys.executable)")))
	python := where[slices.Index(where, "python")+1]
	script := s.oneFile("run.py")
	var ours, plain []time.Duration
	for b.Loop() {
		d, _ := s.took(s.in("ws", append([]string{s.cairn, "run", "--offline", "//:run"}, more...)...))
		ours = append(ours, d)
		d, _ = s.took(s.in("ws", python, "-I", "-B", "-u", script))
		plain = append(plain, d)
	}
	report(b, ours, "run")
	report(b, plain, "by-hand")
	b.ReportMetric(ms(middle(ours)-middle(plain)), "more-median-ms")
}

// oneFile gives the only file of a name in the cache's trees.
func (s *scriptBench) oneFile(name string) string {
	fs, err := filepath.Glob(filepath.Join(strings.TrimPrefix(s.env[2], "CAIRN_CACHE="), "trees/*", name))
	if err != nil || len(fs) != 1 {
		s.Fatalf("%v, %v", fs, err)
	}
	return fs[0]
}

func (s *scriptBench) commit(b *testing.B) {
	s.B = b
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		mark := fmt.Sprintf("at %d", time.Now().UnixNano())
		s.file("repo/run.py", "import part00, part24\nprint('"+mark+"')\n")
		s.commitAll()
		b.StartTimer()
		d, said := s.took(s.in("ws", s.cairn, "run", "//:run"))
		if !strings.Contains(said, mark) {
			b.Fatalf("the commit was not noticed: %s", said)
		}
		took = append(took, d)
	}
	said := s.must(s.in("ws", s.cairn, "why", "//:env"))
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "//:env ") && strings.Contains(line, ": ran: ") {
			b.Errorf("the environment was made anew: %s", said)
		}
	}
	report(b, took, "run")
}

func report(b *testing.B, ds []time.Duration, what string) {
	b.ReportMetric(ms(slices.Min(ds)), what+"-min-ms")
	b.ReportMetric(ms(middle(ds)), what+"-median-ms")
	b.ReportMetric(0, "ns/op")
}

func middle(ds []time.Duration) time.Duration {
	ds = slices.Clone(ds)
	slices.Sort(ds)
	return ds[len(ds)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
