package http

import (
	"context"
	"fmt"
	"io"
	"net/url"
)

// Page is a document that fits into memory.
type Page struct {
	URL         *url.URL // where it came from, after redirects
	ContentType string
	Body        []byte
}

// Get brings a document of at most limit bytes. An answer other than the document is a *StatusError; test with errors.As.
func (c *Client) Get(ctx context.Context, s Source, limit int64) (*Page, error) {
	b, err := c.open(ctx, []Source{s}, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	p := &Page{URL: b.resp.Request.URL, ContentType: b.resp.Header.Get("Content-Type")}
	if p.Body, err = io.ReadAll(io.LimitReader(b, limit+1)); err != nil {
		return nil, err
	}
	if int64(len(p.Body)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB, which is out of proportion", Redact(s.URL), limit>>20)
	}
	return p, nil
}
