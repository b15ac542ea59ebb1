// Package remote holds the kinds that bring files from outside. What comes is declared by its SHA-256, so where it comes
// from is nobody's business but the fetcher's.
package remote

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// formats are the archives that graph/fetch/archive unpacks, each with the endings of file names that mean it.
var formats = []struct {
	name    string
	endings []string
}{
	{"tar.gz", []string{".tar.gz", ".tgz", ".crate"}},
	{"tar.bz2", []string{".tar.bz2", ".tbz2"}},
	{"tar.zst", []string{".tar.zst", ".tzst"}},
	{"tar", []string{".tar"}},
	{"zip", []string{".zip", ".whl", ".jar"}},
}

// The attributes that the kinds of this package share.
var (
	sha256Attr = rule.Attr{Name: "sha256", Type: rule.String,
		Doc: "The file's SHA-256, 64 hex digits. Required: the build of a target without one says how to get it."}
	outAttr = rule.Attr{Name: "out", Type: rule.Output,
		Doc: "The file's path below the target's output folder, by default its own name; with `unpack` the folder's, by default the target's name."}
	executableAttr = rule.Attr{Name: "executable", Type: rule.Bool, Default: false, Doc: "Whether the file may be executed. Not with `unpack`."}
	unpackAttr     = rule.Attr{Name: "unpack", Type: rule.Any,
		Doc: "`true` to unpack the archive, whose format the file's name tells, or the format: `\"tar\"`, `\"tar.gz\"`, `\"tar.bz2\"`, `\"tar.zst\"`, `\"zip\"`."}
	stripAttr = rule.Attr{Name: "strip", Type: rule.Int, Default: int64(0), Doc: "How many leading parts of the paths in the archive are dropped."}
)

// declare declares the fetch of a file of that name.
func declare(c *rule.Context, fetcher, file string, params map[string]string) {
	f := &rule.Fetch{Fetcher: fetcher, Params: params, SHA256: sum(c), Executable: c.Bool("executable"), Strip: int(c.Int("strip"))}
	f.Unpack = format(c, file)
	if c.Int("strip") < 0 || c.Int("strip") > 100 {
		c.Problem("strip", "bad-strip", "strip is a small number", "It counts leading parts of paths, from 0 to 100.")
	}
	out := c.String("out")
	var a rule.Artifact
	if f.Unpack == "" {
		if f.Strip != 0 {
			c.Problem("strip", "strip-without-unpack", "strip needs unpack", "Only the paths in an archive have parts to drop.")
		}
		if out == "" {
			out = file
		}
		a = c.OutputFile("out", out)
	} else {
		if f.Executable {
			c.Problem("executable", "executable-archive", "executable is for single files", "An archive says itself which of its files may be executed.")
		}
		if out == "" {
			out = c.Label().Base()
		}
		a = c.OutputTree("out", out)
	}
	c.Declare(rule.Action{Mnemonic: "Fetch", Outputs: []rule.Artifact{a}, Fetch: f})
	c.SetDefault(a)
	c.Provide(rule.Fetched{File: file, SHA256: f.SHA256})
}

// sum gives the declared SHA-256; a missing or malformed one is a problem that says how to come by it.
func sum(c *rule.Context) string {
	const how = "Download the file once from a place you trust, run sha256sum on it, and write the 64 digits here: from then on nothing else is accepted."
	s := strings.ToLower(c.String("sha256"))
	if s == "" {
		c.Problem("sha256", "no-sha256", "sha256 is missing", "What comes from outside is declared by its digest. "+how)
		return ""
	}
	if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		c.Problem("sha256", "bad-sha256", fmt.Sprintf("%q is no SHA-256", s), "It is 64 hex digits. "+how)
	}
	return s
}

// format gives the archive's format, "" where nothing is to be unpacked.
func format(c *rule.Context, file string) string {
	switch v := c.Value("unpack").(type) {
	case nil:
		return ""
	case bool:
		if !v {
			return ""
		}
		for _, f := range formats {
			for _, e := range f.endings {
				if strings.HasSuffix(strings.ToLower(file), e) {
					return f.name
				}
			}
		}
		c.Problem("unpack", "unknown-archive", fmt.Sprintf("The name %q tells no archive format", file),
			"Name the format: unpack = "+formatNames()+".")
	case string:
		var names []string
		for _, f := range formats {
			if f.name == v {
				return v
			}
			names = append(names, f.name)
		}
		hint := diag.DidYouMean(v, names)
		if v == "tar.xz" {
			hint = "tar.xz cannot be unpacked; many projects offer a .tar.gz or .zip of the same release."
		}
		c.Problem("unpack", "unknown-archive", fmt.Sprintf("Unknown archive format %q", v), strings.TrimSpace("There are "+formatNames()+". "+hint))
	default:
		c.Problem("unpack", "unknown-archive", "unpack is true, false or a format", "There are "+formatNames()+".")
	}
	return ""
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, fmt.Sprintf("%q", f.name))
	}
	return strings.Join(names, ", ")
}
