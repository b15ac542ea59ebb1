package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python/pep"
)

// wheelsArgs are the words of the call python_wheels/2.
type wheelsArgs struct {
	Locks  []string `json:"locks,omitempty"`  // paths in the action's tree, the first that is there counts
	Asked  string   `json:"asked"`            // as BUILD.hcl has it, for messages
	Answer string   `json:"answer,omitempty"` // what the index was asked for where there is no lock: with the extras and groups that are wanted
	Beside string   `json:"beside,omitempty"` // the pyproject.toml that a lock is compared with, where it is there
	Probe  string   `json:"probe"`
	Extras []string `json:"extras,omitempty"`
	Groups []string `json:"groups,omitempty"`
	Own    []string `json:"own,omitempty"`   // plans of own code, which needs nothing of the lock
	Empty  bool     `json:"empty,omitempty"` // no package at all is no mistake
	Out    string   `json:"out"`
	Sdists string   `json:"sdists,omitempty"` // where sdists go of packages without a wheel; "": they are an error
}

// probed is what probe.py tells of an interpreter.
type probed struct {
	Vars        map[string]string `json:"vars"`
	Interpreter pep.Interpreter   `json:"interpreter"`
}

// fetchWheels is python_wheels/2: it chooses the wheels of a lock that are for an interpreter and brings them into a tree.
func fetchWheels(_ context.Context, c rule.CallContext) error {
	var a wheelsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	b, err := read(c, a.Probe)
	if err != nil {
		return err
	}
	p, err := readProbe(b)
	if err != nil {
		return err
	}
	own, err := ownNames(c, a.Own)
	if err != nil {
		return err
	}
	name, ps, err := locked(c, a, p, own)
	if err != nil {
		return err
	}
	ps = slices.DeleteFunc(ps, func(k pkg) bool { return slices.Contains(own, k.name) })
	if len(ps) == 0 && !a.Empty {
		return fmt.Errorf("%s: no package of it applies here; what needs no packages needs no environment", name)
	}
	if err := nameFiles(c, ps); err != nil {
		return err
	}
	fs, err := pick(ps, p.Interpreter, a.Sdists != "")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	blobs, err := c.Fetch(fs)
	if err != nil {
		return err
	}
	for i, f := range fs {
		out := a.Out
		if !strings.HasSuffix(f.Params["file"], ".whl") {
			out = a.Sdists
		}
		if err := c.Link(out+"/"+f.Params["file"], blobs[i], false); err != nil {
			return err
		}
	}
	return nil
}

// locked gives the packages of the lock that are wanted, and the lock's name.
func locked(c rule.CallContext, a wheelsArgs, p probed, own []string) (string, []pkg, error) {
	if len(a.Locks) == 0 && a.Answer == "" {
		return "", nil, nil
	}
	name, b, err := firstLock(c, a)
	if err != nil {
		return name, nil, err
	}
	if len(b) == 0 { // nothing was asked for
		return name, nil, nil
	}
	l, err := readLock(name, b)
	if err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	w := wish{env: pep.Env{Vars: p.Vars}, extras: a.Extras, groups: a.Groups, own: own}
	if name == a.Answer {
		w.extras, w.groups = nil, nil
	} else if w.project, err = projectBeside(c, a.Beside); err != nil {
		return name, nil, err
	} else if err := outdated(l, w.project, w); err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	ps, err := l.choose(w)
	if err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, ps, nil
}

// ownNames gives the names of own code, as far as anybody but its backend knows them.
func ownNames(c rule.CallContext, plans []string) (names []string, err error) {
	for _, at := range plans {
		p, err := readPlan(c, at)
		if err != nil {
			return nil, err
		}
		if p.Package && p.Name != "" {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

func firstLock(c rule.CallContext, a wheelsArgs) (string, []byte, error) {
	for _, p := range a.Locks {
		b, err := read(c, p)
		var absent *rule.NotInputError
		if errors.As(err, &absent) {
			continue
		}
		if err == nil && a.Answer != "" && !isLock(p, b) {
			continue
		}
		return p, b, err
	}
	if a.Answer != "" {
		b, err := read(c, a.Answer)
		return a.Answer, b, err
	}
	return "", nil, fmt.Errorf("there is no lock %s; a lock with hashes is needed, as `uv lock` or `pip lock` write it", a.Asked)
}

func read(c rule.CallContext, path string) ([]byte, error) {
	r, err := c.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// nameFiles asks the index for the names of files that a lock gives digests of alone.
func nameFiles(c rule.CallContext, ps []pkg) error {
	for i := range ps {
		p := &ps[i]
		if len(p.hashes) == 0 {
			continue
		}
		offers, err := c.Offers("registry", map[string]string{"index": "pypi", "package": p.name, "version": p.version})
		if err != nil {
			return err
		}
		for _, o := range offers {
			if !slices.Contains(p.hashes, o.SHA256) {
				continue
			}
			if f := (file{name: o.File, sha256: o.SHA256}); strings.HasSuffix(o.File, ".whl") {
				p.wheels = append(p.wheels, f)
			} else {
				p.sdist, p.src = true, f
			}
		}
		if len(p.wheels) == 0 && !p.sdist {
			return fmt.Errorf("%s %s: the index has no file with one of the lock's hashes", p.name, p.version)
		}
	}
	return nil
}

// pick chooses one wheel for each package, or its sdist where that is allowed, or says which packages have none.
func pick(ps []pkg, in pep.Interpreter, sdists bool) ([]rule.Fetch, error) {
	rank := map[string]int{}
	for i, t := range in.Tags() {
		rank[t] = i
	}
	var fs []rule.Fetch
	var bad []string
	for _, p := range ps {
		f, err := best(p, rank, in)
		if err != nil && sdists && p.src.sha256 != "" && p.unusable == "" {
			f, err = p.src, nil
		}
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s: %v", strings.TrimSpace(p.name+" "+p.version), err))
			continue
		}
		q := rule.Fetch{Fetcher: "registry", SHA256: f.sha256, Params: map[string]string{"index": "pypi", "package": p.name, "version": p.version, "file": f.name}}
		if f.url != "" {
			q.Fetcher, q.Params = "http", map[string]string{"urls": f.url, "file": f.name}
		}
		fs = append(fs, q)
	}
	if len(bad) > 0 {
		return nil, errors.New(strings.Join(bad, "\n"))
	}
	return fs, nil
}

func best(p pkg, rank map[string]int, in pep.Interpreter) (file, error) {
	if p.unusable != "" {
		return file{}, fmt.Errorf("%s, and only wheels are installed", p.unusable)
	}
	type candidate struct {
		file
		rank, build int
	}
	var cs []candidate
	for _, f := range p.wheels {
		w, err := pep.ParseWheel(f.name)
		if err != nil {
			return file{}, err
		}
		if w.Name != p.name {
			return file{}, fmt.Errorf("the lock gives it %s, which is another package's", f.name)
		}
		if otherVersion(w.Version, p.version) {
			return file{}, fmt.Errorf("the lock gives it %s, which is another version's", f.name)
		}
		at := -1
		for _, t := range w.Tags {
			if r, ok := rank[t]; ok && (at < 0 || r < at) {
				at = r
			}
		}
		if at >= 0 {
			cs = append(cs, candidate{f, at, w.Build})
		}
	}
	if len(cs) == 0 {
		switch {
		case len(p.wheels) > 0:
			return file{}, fmt.Errorf("none of its %d wheels is for %s", len(p.wheels), describe(in))
		case p.sdist:
			return file{}, errors.New("there is its source only (an sdist), and only wheels are installed; allow_sdist = true has it built")
		}
		return file{}, errors.New("the lock has no file for it")
	}
	slices.SortFunc(cs, func(a, b candidate) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		if a.build != b.build {
			return b.build - a.build
		}
		return strings.Compare(a.name, b.name)
	})
	return cs[0].file, nil
}

// otherVersion says whether a wheel's version is not that of the lock, which may write it differently or leave it out.
func otherVersion(wheel, lock string) bool {
	if lock == "" {
		return false
	}
	w, err := pep.ParseVersion(wheel)
	if err != nil {
		return wheel != lock
	}
	l, err := pep.ParseVersion(lock)
	return err != nil || w.Compare(l) != 0
}

func describe(in pep.Interpreter) string {
	s := fmt.Sprintf("%s %d.%d (%s) on %s %s", in.Name, in.Major, in.Minor, in.ABI, in.OS, in.Arch)
	if in.Libc != "" {
		s += fmt.Sprintf(" with %s %d.%d", in.Libc, in.LibcVer[0], in.LibcVer[1])
	}
	return s
}
