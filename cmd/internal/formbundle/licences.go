package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// metafile is what the bundler says of its work.
type metafile struct {
	Outputs map[string]struct {
		Inputs map[string]struct {
			Bytes int `json:"bytesInOutput"`
		} `json:"inputs"`
	} `json:"outputs"`
}

// used gives which of the packages are in what was bundled.
func used(meta []byte, all []entry) ([]entry, error) {
	var m metafile
	if err := json.Unmarshal(meta, &m); err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for _, o := range m.Outputs {
		for file, part := range o.Inputs {
			if _, rest, ok := strings.Cut(file, "node_modules/"); ok && part.Bytes > 0 {
				words := strings.SplitN(rest, "/", 3)
				if strings.HasPrefix(words[0], "@") && len(words) > 1 {
					words[0] += "/" + words[1]
				}
				in[words[0]] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(e entry) bool { return !in[e.Name] }), nil
}

// mit is what a package says that names the licence and has no file with it.
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

// licences gives the licences of packages in one text. A package without one is an error: it must not be passed on.
func licences(modules string, packages []entry) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("page.js holds parts of these packages.\n")
	for _, e := range packages {
		dir := filepath.Join(modules, filepath.FromSlash(e.Name))
		text, about, err := licence(dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		fmt.Fprintf(&out, "\n%s\n%s %s (%s)\n\n%s\n", strings.Repeat("=", 80), e.Name, e.Version, about, strings.TrimSpace(text))
	}
	return out.Bytes(), nil
}

// licence gives the text of one package's licence and its short name.
func licence(dir string) (text, about string, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return "", "", err
	}
	var p struct {
		License string          `json:"license"`
		Author  json.RawMessage `json:"author"`
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return "", "", err
	}
	for _, name := range []string{"LICENSE", "LICENSE.md", "LICENSE.txt", "license"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			return strings.ReplaceAll(string(b), "\r\n", "\n"), p.License, nil
		}
	}
	if p.License != "MIT" {
		return "", "", fmt.Errorf("its licence is %q, and its text is nowhere", p.License)
	}
	author := ""
	var named struct{ Name string }
	if json.Unmarshal(p.Author, &author) != nil && json.Unmarshal(p.Author, &named) == nil {
		author = named.Name
	}
	if author == "" {
		author = "its authors"
	}
	return "Copyright (c) " + author + "\n\n" + mit, p.License, nil
}
