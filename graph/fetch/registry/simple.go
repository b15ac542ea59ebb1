package registry

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/fetch/http"
)

// pageFile is one file that a page of an index offers. sha256 is "" where the page does not say.
type pageFile struct {
	name, url, sha256 string
	python            string // what it requires of Python
	yanked            bool
	metadata          bool // its metadata lies beside it (PEP 658)
}

// parsePage reads a package's page of the simple API, in JSON (PEP 691) or HTML (PEP 503).
func parsePage(p *http.Page) ([]pageFile, error) {
	if !strings.Contains(p.ContentType, "json") {
		return parseLinks(p), nil
	}
	var doc struct {
		Files []struct {
			Filename string            `json:"filename"`
			URL      string            `json:"url"`
			Hashes   map[string]string `json:"hashes"`
			Python   string            `json:"requires-python"`
			Yanked   any               `json:"yanked"`        // false, true, or why
			Metadata any               `json:"core-metadata"` // false, true, or its hashes
			Older    any               `json:"dist-info-metadata"`
		} `json:"files"`
	}
	if err := json.Unmarshal(p.Body, &doc); err != nil {
		return nil, fmt.Errorf("the page is no JSON: %w", err)
	}
	var fs []pageFile
	for _, f := range doc.Files {
		if u, err := p.URL.Parse(f.URL); err == nil {
			fs = append(fs, pageFile{name: f.Filename, url: u.String(), sha256: f.Hashes["sha256"], python: f.Python, yanked: says(f.Yanked),
				metadata: says(f.Metadata) || says(f.Older)})
		}
	}
	return fs, nil
}

// says tells whether a value that is false, true or something that holds more is not false.
func says(v any) bool {
	b, plain := v.(bool)
	return v != nil && (!plain || b)
}

// parseLinks gives the links of an HTML page. A file's name is the last part of its address; the fragment may hold the
// digest, as in #sha256=...
func parseLinks(p *http.Page) []pageFile {
	var fs []pageFile
	base := p.URL
	text := string(p.Body)
	for {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			return fs
		}
		text = text[i+1:]
		if rest, ok := strings.CutPrefix(text, "!--"); ok {
			_, text, _ = strings.Cut(rest, "-->")
			continue
		}
		tag, attrs, rest := parseTag(text)
		text = rest
		href, ok := attrs["href"]
		if !ok {
			continue
		}
		u, err := base.Parse(strings.TrimSpace(html.UnescapeString(href)))
		if err != nil {
			continue
		}
		switch tag {
		case "base":
			base = u
		case "a":
			f := pageFile{name: path.Base(u.Path), python: html.UnescapeString(attrs["data-requires-python"])}
			_, f.yanked = attrs["data-yanked"]
			for _, k := range []string{"data-core-metadata", "data-dist-info-metadata"} {
				v, ok := attrs[k]
				f.metadata = f.metadata || ok && v != "false"
			}
			if v, err := url.ParseQuery(u.Fragment); err == nil {
				f.sha256 = v.Get("sha256")
			}
			u.Fragment, u.RawFragment = "", ""
			f.url = u.String()
			fs = append(fs, f)
		}
	}
}

// parseTag reads a tag after its "<": name in lower case, attributes (the first of each name), and what follows ">".
func parseTag(text string) (tag string, attrs map[string]string, rest string) {
	end := strings.IndexAny(text, " \t\r\n\f/>")
	if end < 0 {
		return "", nil, ""
	}
	tag, text = strings.ToLower(text[:end]), text[end:]
	if tag != "a" && tag != "base" {
		return tag, nil, text
	}
	attrs = map[string]string{}
	for {
		text = strings.TrimLeft(text, " \t\r\n\f/")
		if text == "" {
			return tag, attrs, ""
		}
		if text[0] == '>' {
			return tag, attrs, text[1:]
		}
		end := 1 + strings.IndexAny(text[1:], " \t\r\n\f/>=")
		if end < 1 {
			return tag, attrs, ""
		}
		name := strings.ToLower(text[:end])
		text = strings.TrimLeft(text[end:], " \t\r\n\f")
		value := ""
		if v, ok := strings.CutPrefix(text, "="); ok {
			value, text = parseValue(strings.TrimLeft(v, " \t\r\n\f"))
		}
		if _, ok := attrs[name]; !ok {
			attrs[name] = value
		}
	}
}

func parseValue(text string) (value, rest string) {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		value, rest, _ = strings.Cut(text[1:], text[:1])
		return value, rest
	}
	if end := strings.IndexAny(text, " \t\r\n\f>"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}
