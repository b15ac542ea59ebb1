package toolset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// posixNames are the programs of the posix set: a shell, GNU coreutils, and what goes with them in every script.
var posixNames = strings.Fields(`sh awk bzip2 cmp diff egrep fgrep find grep gunzip gzip sed tar xargs xz zcat
	[ arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors
	dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir
	mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir
	sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf sum sync tac tail tee test
	timeout touch tr true truncate tsort tty uname unexpand uniq unlink wc whoami yes`)

// posix finds the set. Only the fixed search counts, and no shims: what a user has on PATH is for actions that name it.
// Identity "version" is as good as "content" here: a set has no version.
func (r *Resolver) posix(ctx context.Context) (Tool, error) {
	at := map[string]string{}
	var where strings.Builder
	var before []string
	for _, n := range posixNames {
		f, dirs := inDirs(n, r.o.Search)
		for _, d := range dirs {
			if !slices.Contains(before, d) {
				before = append(before, d)
			}
		}
		if f == "" {
			continue
		}
		at[n] = f
		fmt.Fprintf(&where, "%s\x00", f)
	}
	if at["sh"] == "" {
		return Tool{}, &NotFoundError{Name: "sh", Looked: r.o.Search, Near: near("sh", r.o.Search)}
	}
	strict := r.o.Identity["posix"]
	key := r.recordKey("posix\x00", where.String(), strict)
	if t, ok := r.remembered(key); ok {
		t.Files = append(t.Files, before...)
		return t, nil
	}
	for range 3 {
		p := newParts(r, "posix")
		for _, n := range posixNames {
			if at[n] == "" {
				continue
			}
			if err := ctx.Err(); err != nil {
				return Tool{}, err
			}
			if err := p.posixProgram(n, at[n]); err != nil {
				return Tool{}, err
			}
		}
		if text, ok := strings.CutPrefix(strict, "declared:"); ok {
			p.lines = map[string]bool{}
			p.say("declared", text)
		}
		t := p.tool("")
		if r.remember(key, &t, p.facts) {
			t.Files = append(t.Files, before...)
			return t, nil
		}
	}
	return Tool{}, errors.New("the programs of the posix set change while they are looked at")
}

func (p *parts) posixProgram(name, path string) error {
	links, err := chain(path)
	if err != nil {
		return err
	}
	end := links[len(links)-1]
	p.programs[name] = byName(name, links)
	p.roots = addRoots(p.roots, p.r.root(p.programs[name]), p.r.root(end))
	p.watch(path)
	// Scripts among them (gunzip, say) are run by the sh that is one of them.
	return p.object("program:"+name, end)
}

// inDirs gives a program in the first folder that has it, and the folders before that.
func inDirs(name string, dirs []string) (string, []string) {
	var before []string
	for _, d := range dirs {
		if p := filepath.Join(d, name); executable(p) {
			return p, before
		}
		before = append(before, d)
	}
	return "", before
}
