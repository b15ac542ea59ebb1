package scriptserver

import "strings"

// dialect is one of the two forms that the public API of the OET has had, and the path at which a client knows it.
type dialect struct {
	base   string // of the request: "", or a path without a slash at its end
	legacy bool   // OET 1 to 6: answers are wrapped in an object, and errors have a form of their own
}

// older is what clients of OET 1 to 6 are told where no request says their path.
var older = dialect{base: "/api/v1.0", legacy: true}

// dialectOf splits the path of a request. The OET's paths are /<namespace>/oet/api/v<major>, and /api/v1.0 in its early days;
// where clients are told no path at all, they get the form of OET 7.
func dialectOf(path string) (d dialect, rest string) {
	if rest, ok := below(path, older.base); ok {
		return older, rest
	}
	parts := strings.SplitN(path, "/", 6) // "", namespace, oet, api, vN, rest
	if len(parts) < 5 || parts[0] != "" || parts[1] == "" || parts[2] != "oet" || parts[3] != "api" {
		return dialect{}, path
	}
	major, ok := strings.CutPrefix(parts[4], "v")
	if !ok || len(major) != 1 || major[0] < '1' || major[0] > '9' {
		return dialect{}, path
	}
	d = dialect{base: strings.Join(parts[:5], "/"), legacy: major[0] < '7'}
	if len(parts) == 6 {
		return d, "/" + parts[5]
	}
	return d, "/"
}

func below(path, base string) (string, bool) {
	rest, ok := strings.CutPrefix(path, base)
	if !ok || rest != "" && rest[0] != '/' {
		return path, false
	}
	return rest, true
}

// one wraps an answer that is about one thing.
func (d dialect) one(name string, v any) any {
	if d.legacy {
		return map[string]any{name: v}
	}
	return v
}
