package mem

import (
	"testing"

	"github.com/cairn-build/cairn/cache/cachetest"
	"github.com/cairn-build/cairn/cache/digest"
)

func TestConformance(t *testing.T) {
	cachetest.Run(t, cachetest.Harness{
		New:    func(t *testing.T) (cachetest.Store, func() cachetest.Store) { return New(), nil },
		Damage: func(t *testing.T, s cachetest.Store, d digest.Digest) { s.(*Store).Damage(d) },
	})
}
