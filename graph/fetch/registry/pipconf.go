package registry

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pipConfig is what pip's configuration says about where packages are.
type pipConfig struct {
	index            string
	extra, findLinks []string
	noIndex          bool
	cert, proxy      string
	trusted          []string
}

// readPip reads pip's configuration in pip's own order: the machine's files, the user's, the virtual environment's,
// PIP_CONFIG_FILE, and PIP_ variables over all. Of the sections [install] wins over [download], and both over [global]. A
// file that cannot be read counts as none.
func readPip(getenv func(string) string, system string) pipConfig {
	sections := map[string]map[string]string{}
	for _, path := range pipFiles(getenv, system) {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		parseINI(string(b), func(section, key, value string) {
			if sections[section] == nil {
				sections[section] = map[string]string{}
			}
			sections[section][key] = value
		})
	}
	get := func(key string) string {
		if v := getenv("PIP_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))); v != "" {
			return v
		}
		for _, s := range []string{"install", "download", "global"} {
			if v, ok := sections[s][key]; ok {
				return v
			}
		}
		return ""
	}
	c := pipConfig{
		index:     get("index-url"),
		extra:     strings.Fields(get("extra-index-url")),
		findLinks: strings.Fields(get("find-links")),
		noIndex:   slices.Contains([]string{"1", "true", "yes", "y", "on"}, strings.ToLower(get("no-index"))),
		trusted:   strings.Fields(get("trusted-host")),
		proxy:     get("proxy"),
	}
	if c.index == "" {
		c.index = get("pypi-url") // the option's old name
	}
	for _, v := range []string{get("cert"), getenv("REQUESTS_CA_BUNDLE"), getenv("CURL_CA_BUNDLE")} {
		if c.cert == "" {
			c.cert = v
		}
	}
	if i, err := os.Stat(c.cert); err == nil && i.IsDir() {
		c.cert = "" // a folder of hashed names: the system's own are read anyhow
	}
	home := getenv("HOME")
	for i, l := range c.findLinks {
		if rest, ok := strings.CutPrefix(l, "~/"); ok && home != "" {
			c.findLinks[i] = filepath.Join(home, rest)
		}
	}
	return c
}

// pipFiles gives the files that pip would read, the strongest last.
func pipFiles(getenv func(string) string, system string) []string {
	own := getenv("PIP_CONFIG_FILE")
	if own == os.DevNull {
		return nil
	}
	files := []string{filepath.Join(system, "xdg/pip/pip.conf"), filepath.Join(system, "pip.conf")}
	if dirs := getenv("XDG_CONFIG_DIRS"); dirs != "" {
		files = files[1:]
		for _, d := range slices.Backward(filepath.SplitList(dirs)) {
			files = append([]string{filepath.Join(d, "pip/pip.conf")}, files...)
		}
	}
	if home := getenv("HOME"); home != "" {
		config := getenv("XDG_CONFIG_HOME")
		if config == "" {
			config = filepath.Join(home, ".config")
		}
		files = append(files, filepath.Join(home, ".pip/pip.conf"), filepath.Join(config, "pip/pip.conf"),
			filepath.Join(home, "Library/Application Support/pip/pip.conf"))
	}
	if venv := getenv("VIRTUAL_ENV"); venv != "" {
		files = append(files, filepath.Join(venv, "pip.conf"))
	}
	if own != "" {
		files = append(files, own)
	}
	return files
}

// parseINI reads what Python's configparser reads: sections, `key = value` or `key: value`, values that go on in indented
// lines, and comments on lines of their own. Keys are lower case with - for _.
func parseINI(text string, set func(section, key, value string)) {
	var section, key string
	var value []string
	flush := func() {
		if key != "" {
			set(section, key, strings.TrimSpace(strings.Join(value, "\n")))
		}
		key, value = "", nil
	}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case (line[0] == ' ' || line[0] == '\t') && key != "":
			value = append(value, trimmed)
		case trimmed[0] == '[':
			flush()
			section, _, _ = strings.Cut(trimmed[1:], "]")
		default:
			flush()
			if i := strings.IndexAny(trimmed, "=:"); i > 0 {
				key = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(trimmed[:i])), "_", "-")
				value = []string{strings.TrimSpace(trimmed[i+1:])}
			}
		}
	}
	flush()
}
