package registry

import (
	"context"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

func TestOffers(t *testing.T) {
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path != "/simple/night-dome/" {
			nethttp.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`<a href="a-1.whl#sha256=AB">a-1.whl</a><a href="b-1.whl">b-1.whl</a>`))
	}))
	defer s.Close()
	ask := func(vars ...string) ([]fetch.Offer, error) {
		return newEnv(t, vars...).registry().Offers(context.Background(), map[string]string{"index": "pypi", "package": "Night_Dome"})
	}
	got, err := ask("PIP_INDEX_URL", s.URL+"/none", "PIP_EXTRA_INDEX_URL", s.URL+"/simple/")
	if err != nil || len(got) != 1 || got[0] != (fetch.Offer{File: "a-1.whl", SHA256: "ab"}) {
		t.Errorf("%v %v", got, err)
	}
	for _, c := range []struct {
		want string
		vars []string
	}{
		{"no-index", []string{"PIP_NO_INDEX", "1"}},
		{`has no package "Night_Dome"`, []string{"PIP_INDEX_URL", s.URL + "/none"}},
		{"is a folder", []string{"PIP_INDEX_URL", "file:///srv/index"}},
	} {
		if _, err := ask(c.vars...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.vars, err, c.want)
		}
	}
	if _, err := newEnv(t).registry().Offers(context.Background(), map[string]string{"index": "npm"}); err == nil {
		t.Error("an index of npm's was listed")
	}
}
