package remote

import (
	_ "embed"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed http_file.md
var httpDoc string

// HTTPFile is a file that a web server offers.
var HTTPFile = &rule.Rule{
	Kind: "http_file",
	Doc:  httpDoc,
	Attrs: []rule.Attr{
		{Name: "url", Type: rule.String, Doc: "Where the file is: `https://...`. One of `url` and `urls` is given."},
		{Name: "urls", Type: rule.Strings, Doc: "Several places, tried in order."},
		sha256Attr, outAttr, executableAttr, unpackAttr, stripAttr,
	},
	Analyze: func(c *rule.Context) error {
		attr, urls := "urls", c.Strings("urls")
		if c.Has("url") {
			attr, urls = "url", []string{c.String("url")}
		}
		if c.Has("url") == c.Has("urls") || len(urls) == 0 {
			c.Problem(attr, "http-url", "One of url and urls is needed", "Give the address of the file, or a list of addresses.")
			return nil
		}
		file := ""
		for _, text := range urls {
			u := checkURL(c, attr, text)
			if u != nil && file == "" {
				file = path.Base(u.Path)
			}
		}
		if rule.CheckRel(file) != nil {
			file = c.Label().Base()
		}
		declare(c, "http", file, map[string]string{"urls": strings.Join(urls, "\n")})
		return nil
	},
}

func checkURL(c *rule.Context, attr, text string) *url.URL {
	u, err := url.Parse(text)
	switch {
	case diag.HasCredentials(text), err == nil && u.User != nil:
		c.SecretProblem(attr, "url-credentials", "A URL holds no user name, password or token", "BUILD.hcl is read by many. Credentials come from your .netrc.")
	case err != nil || strings.ContainsAny(text, " \n\r\t") || u.Scheme == "" || u.Host == "":
		c.Problem(attr, "bad-url", fmt.Sprintf("%q is no URL", text), "It looks like https://host/path/file.tar.gz.")
	case u.Scheme != "https" && u.Scheme != "http":
		c.Problem(attr, "bad-url", fmt.Sprintf("No way to fetch %q", u.Scheme+"://"), "http_file takes https:// and http://.")
	default:
		return u
	}
	return nil
}
