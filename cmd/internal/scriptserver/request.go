package scriptserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/procedure"
)

// maxBody is the most that a request may carry: an inline scheduling block is a few kilobytes.
const maxBody = 1 << 20

// The kinds of script that a client can ask for. A target is cairn's own addition.
const (
	Filesystem = "filesystem"
	Git        = "git"
	Target     = "target"
)

// Script is what a client asks for, in the public API's form.
type Script struct {
	Type      string   `json:"script_type"`
	URI       string   `json:"script_uri"`
	Git       *GitArgs `json:"git_args,omitempty"` // not nil for a git script
	CreateEnv bool     `json:"create_env"`
	Key       string   `json:"key,omitempty"` // of the environment: "content" or "commit"; "" for the default
}

// GitArgs says which revision of which repository. A commit wins over a branch; git_tag is cairn's own addition.
type GitArgs struct {
	Repo   string `json:"git_repo"`
	Branch string `json:"git_branch,omitempty"`
	Tag    string `json:"git_tag,omitempty"`
	Commit string `json:"git_commit,omitempty"`
}

// scriptArgs are the calls of a script's functions. Run is an old name of Main.
type scriptArgs struct {
	Init *procedure.Call `json:"init"`
	Main *procedure.Call `json:"main"`
	Run  *procedure.Call `json:"run"`
}

// main gives the call of main.
func (a scriptArgs) main() (*procedure.Call, *problem) {
	if a.Main != nil && a.Run != nil {
		return nil, problemf(http.StatusUnprocessableEntity, "script_args has both main and run, which are one")
	}
	if a.Main == nil {
		return a.Run, nil
	}
	return a.Main, nil
}

// createRequest is the body of POST /procedures.
type createRequest struct {
	Script *Script    `json:"script"`
	Args   scriptArgs `json:"script_args"`
}

// updateRequest is the body of PUT /procedures/{id}.
type updateRequest struct {
	State *string    `json:"state"`
	Abort bool       `json:"abort"`
	Args  scriptArgs `json:"script_args"`
}

// check says what is wrong with a script whatever it is made of, and fills in what has defaults.
func (s *Script) check(defaultRepo string) *problem {
	bad := func(format string, args ...any) *problem {
		return problemf(http.StatusUnprocessableEntity, format, args...)
	}
	switch {
	case s == nil:
		p := bad("script is missing")
		return p.hint(`{"script": {"script_type": "filesystem", "script_uri": "file:///path/of/script.py"}}`)
	case s.Type == "":
		return bad("script.script_type is missing").hint("It is filesystem, git or target.")
	case s.URI == "":
		return bad("script.script_uri is missing")
	}
	prefixes := map[string][]string{Filesystem: {"file://", "filesystem://"}, Git: {"git://"}, Target: {"//"}}[s.Type]
	if prefixes == nil {
		return bad("Script type %s not supported", httpd.Printable(s.Type)).hint("It is filesystem, git or target.")
	}
	ok := false
	for _, p := range prefixes {
		ok = ok || strings.HasPrefix(s.URI, p)
	}
	if !ok {
		return bad("Incorrect prefix for a %s script: %s", s.Type, httpd.Printable(s.URI)).hint("It starts with %s", strings.Join(prefixes, " or "))
	}
	if s.Type == Git {
		if s.Git == nil {
			s.Git = &GitArgs{}
		}
		if s.Git.Repo == "" {
			s.Git.Repo = defaultRepo
		}
		if s.Git.Repo == "" {
			return bad("script.git_args.git_repo is missing, and this service was started without a repository of its own").hint("cairn serve scripts --git-repo URL sets one.")
		}
		if s.Git.Branch != "" && s.Git.Tag != "" {
			return bad("git_branch and git_tag do not go together")
		}
		if s.Git.Commit != "" {
			s.Git.Branch, s.Git.Tag = "", "" // it is the same on all of them
		}
	} else if s.Git != nil {
		return bad("git_args belong to a script whose script_type is git, and this one's is %s", s.Type)
	}
	for _, v := range s.texts() {
		if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }) {
			return bad("%s holds characters that no name should", httpd.Printable(v))
		}
		if len(v) > 4096 {
			return bad("a name of %d bytes is too long", len(v))
		}
	}
	return nil
}

func (s *Script) texts() []string {
	t := []string{s.URI, s.Key}
	if s.Git != nil {
		t = append(t, s.Git.Repo, s.Git.Branch, s.Git.Tag, s.Git.Commit)
	}
	return t
}

// decode reads a body. Names that mean nothing are refused: who writes git_brnach must not get the default branch.
func decode(w http.ResponseWriter, r *http.Request, into any) *problem {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return problemf(http.StatusUnsupportedMediaType, "a body is JSON, and says so: Content-Type: application/json")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problemf(http.StatusRequestEntityTooLarge, "a body of more than %d bytes", maxBody)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problemf(http.StatusRequestTimeout, "the body did not come in time")
	case err != nil:
		return problemf(http.StatusBadRequest, "the body broke off")
	case len(bytes.TrimSpace(b)) == 0:
		p := problemf(http.StatusBadRequest, "No JSON available in request")
		p.kind = "Empty Response"
		return p
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return notOurs(err)
	}
	if d.More() {
		return problemf(http.StatusBadRequest, "something follows the JSON value")
	}
	return nil
}

// names are those that bodies can have, for suggestions.
var names = []string{"script", "script_args", "script_type", "script_uri", "git_args", "git_repo", "git_branch", "git_tag", "git_commit", "create_env",
	"key", "init", "main", "run", "args", "kwargs", "state", "abort", "sbd_id", "sbi_id", "sbd", "activity_name", "prepare_only"}

// notOurs says in words what encoding/json does not like.
func notOurs(err error) *problem {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		where := kind.Field
		if where == "" {
			where = "the body"
		}
		article := "a"
		if strings.ContainsRune("ao", rune(kind.Value[0])) {
			article = "an" // array, object
		}
		return problemf(http.StatusUnprocessableEntity, "%s cannot be %s %s", httpd.Printable(where), article, kind.Value)
	case errors.As(err, &syntax):
		return problemf(http.StatusBadRequest, "the body is not JSON: at byte %d: %s", syntax.Offset, httpd.Printable(syntax.Error()))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		p := problemf(http.StatusUnprocessableEntity, "there is no %s", httpd.Printable(name))
		if near := diag.DidYouMean(name, names); near != "" {
			return p.hint("%s", near)
		}
		return p
	}
	return problemf(http.StatusBadRequest, "the body is not JSON: %s", httpd.Printable(strings.TrimPrefix(err.Error(), "json: ")))
}

// refused makes a problem of what Prepare or Activity said.
func refused(err error) *problem {
	var r *Refusal
	if !errors.As(err, &r) {
		return problemf(http.StatusInternalServerError, "%s", httpd.Printable(err.Error()))
	}
	p := problemf(http.StatusUnprocessableEntity, "%s", r.Detail)
	p.Hint = r.Hint
	return p
}
