package toolset

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// posixNames are the programs of the posix set: a shell, GNU coreutils, and what goes with them in every script.
var posixNames = strings.Fields(`sh awk bzip2 cmp diff diff3 sdiff egrep fgrep find grep gunzip gzip sed tar xargs xz zcat
	[ arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors
	dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir
	mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir
	seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf sum sync tac tail tee test
	timeout touch tr true truncate tsort tty uname unexpand uniq unlink wc whoami yes`)

// posix finds the set. Only the fixed search counts, and no shims: what a user has on PATH is for actions that name it.
// It is always told by content: a set has no version.
func (r *Resolver) posix(ctx context.Context) (Tool, error) {
	key := r.recordKey("posix\x00", "", "content")
	if t, ok := r.remembered(key, "posix"); ok {
		return t, nil
	}
	for range 3 {
		p := newParts(r, "posix")
		for _, n := range posixNames {
			if err := ctx.Err(); err != nil {
				return Tool{}, err
			}
			if err := p.posixProgram(n); err != nil {
				return Tool{}, err
			}
		}
		if p.programs["sh"] == "" {
			return Tool{}, &NotFoundError{Name: "sh", Looked: r.o.Search, Near: near("sh", r.o.Search)}
		}
		t := p.tool("")
		if r.remember(key, &t, p.facts) {
			return t, nil
		}
	}
	return Tool{}, errors.New("the programs of the posix set change while they are looked at")
}

// posixProgram adds one program, if this machine has it. For programs that are there, the folders that come before theirs are
// watched, not a hundred names in them; the few that are not there are watched by name.
func (p *parts) posixProgram(name string) error {
	dirs := p.r.o.Search
	i := slices.IndexFunc(dirs, func(d string) bool { return executable(d + "/" + name) })
	if i < 0 {
		for _, d := range dirs {
			p.watch(d + "/" + name)
		}
		return nil
	}
	p.watch(dirs[:i]...)
	path := dirs[i] + "/" + name
	p.watch(path)
	links, err := chain(path)
	if err != nil {
		return err
	}
	end := links[len(links)-1]
	p.programs[name] = byName(name, links)
	p.roots = addRoots(p.roots, p.r.root(p.programs[name]), p.r.root(end))
	// Scripts among them (gunzip, say) are run by the sh that is one of them.
	return p.object("program:"+name, end)
}
