package fetch

import "context"

type progressKey struct{}

// WithProgress gives a context in which a Resolver tells how many bytes it has fetched, as Request.Progress is told.
func WithProgress(ctx context.Context, told func(done, total int64)) context.Context {
	return context.WithValue(ctx, progressKey{}, told)
}

// ProgressOf gives who is to be told; nil for nobody.
func ProgressOf(ctx context.Context) func(done, total int64) {
	told, _ := ctx.Value(progressKey{}).(func(done, total int64))
	return told
}
