package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch/git"
)

func cacheCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "Looks after the local cache: stats, trim, verify, evict.",
		Long:  "Looks after the local cache, which all workspaces of this user share. It needs no care: trimming runs by itself after builds.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return &usageError{fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0]), diag.DidYouMean(args[0], verbNames(c))}
		},
	}
	c.AddCommand(cacheStats(a), cacheTrim(a), cacheVerify(a), cacheEvict(a))
	return c
}

// withCache opens the cache for f. Damage that f comes upon is said once.
func (a *app) withCache(o disk.Options, f func(*disk.Cache) error) error {
	dir, err := a.cacheDir()
	if err != nil {
		return err
	}
	o.Now, o.Command = a.now, commandLine()
	o.OnCorrupt = func(e *cache.CorruptError) { a.ui.Say("%v", e) }
	c, err := disk.Open(dir, o)
	if err != nil {
		return &environmentError{err}
	}
	if err := errors.Join(f(c), c.Close()); err != nil {
		var u *usageError
		var e exitError
		if errors.As(err, &u) || errors.As(err, &e) {
			return err
		}
		return &environmentError{err}
	}
	return nil
}

func cacheStats(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "stats",
		Short: "Says where the cache lies and what is in it.",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withCache(disk.Options{ReadOnly: true}, func(c *disk.Cache) error {
				s, err := c.Stats()
				if err != nil {
					return err
				}
				mirrors, err := git.Look(mirrorsIn(c.Dir()))
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.ui.JSON(map[string]any{"git_mirrors": mirrors.Mirrors, "git_bytes": mirrors.Bytes, "dir": c.Dir(), "bytes": s.Bytes, "results": s.Records[cache.Result], "records": allRecords(s.Records),
						"blobs": s.SmallBlobs + s.LargeBlobs, "blob_bytes": s.SmallBytes + s.LargeBytes, "trees": s.Trees, "quarantined": s.Quarantined, "oldest": s.Oldest})
				}
				a.ui.Line(c.Dir())
				a.ui.Printf("%s on disk\n", ui.Bytes(s.Bytes))
				a.ui.Printf("%d results of actions, %d records in all\n", s.Records[cache.Result], allRecords(s.Records))
				a.ui.Printf("%d blobs (%s), %d of them in %d packs\n", s.SmallBlobs+s.LargeBlobs, ui.Bytes(s.SmallBytes+s.LargeBytes), s.SmallBlobs, s.Packs)
				a.ui.Printf("%d trees\n", s.Trees)
				if mirrors.Mirrors > 0 {
					a.ui.Printf("%d mirrors of git repositories (%s)\n", mirrors.Mirrors, ui.Bytes(mirrors.Bytes))
				}
				if s.Oldest > 0 {
					a.ui.Printf("last use of the oldest: %s\n", time.Unix(s.Oldest, 0).Format("2006-01-02"))
				}
				if s.Quarantined > 0 {
					a.ui.Printf("%d damaged entries put aside\n", s.Quarantined)
				}
				return nil
			})
		},
	})
}

func cacheTrim(a *app) *cobra.Command {
	var size, age string
	c := prints(&cobra.Command{
		Use:     "trim",
		Short:   "Removes what was not used for longest, down to a size or an age.",
		Long:    "Removes what was not used for longest, down to a size or an age. An age holds for the mirrors of git repositories as well.",
		Example: "  cairn cache trim --size 10GiB\n  cairn cache trim --age 30d",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var o disk.TrimOptions
			var err error
			if size == "" && age == "" {
				return &usageError{"trim needs --size or --age", "cairn cache trim --size 10GiB --age 60d"}
			}
			if size != "" {
				if o.MaxBytes, err = disk.ParseSize(size); err != nil {
					return &usageError{err.Error(), ""}
				}
			}
			if age != "" {
				if o.MaxAge, err = parseAge(age); err != nil {
					return err
				}
				o.MaxAge = max(1, o.MaxAge)
			}
			return a.withCache(disk.Options{}, func(d *disk.Cache) error {
				s, err := d.Trim(c.Context(), o)
				if err != nil {
					return err
				}
				if err := git.Trim(c.Context(), mirrorsIn(d.Dir()), a.now(), o.MaxAge, 0); err != nil {
					return err
				}
				if a.flags.json {
					return a.ui.JSON(map[string]int64{"before": s.Before, "after": s.After})
				}
				a.ui.Printf("%s, was %s\n", ui.Bytes(s.After), ui.Bytes(s.Before))
				return nil
			})
		},
	})
	c.Flags().StringVar(&size, "size", "", "down to `SIZE`: 500MB, 20GiB")
	c.Flags().StringVar(&age, "age", "", "what was not used for `AGE`: 30d, 12h")
	return c
}

func cacheVerify(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "verify",
		Short: "Reads everything and puts aside what is damaged; exits with 1 where something was.",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withCache(disk.Options{}, func(d *disk.Cache) error {
				s, err := d.Verify(c.Context(), nil)
				if err != nil {
					return err
				}
				if a.flags.json {
					if err := a.ui.JSON(map[string]int{"blobs": s.Blobs, "records": s.Records, "trees": s.Trees, "damaged": len(s.Bad)}); err != nil {
						return err
					}
				} else {
					a.ui.Printf("%d blobs, %d records, %d trees: %d damaged\n", s.Blobs, s.Records, s.Trees, len(s.Bad))
				}
				if len(s.Bad) > 0 {
					return exitError(exitFailed)
				}
				return nil
			})
		},
	})
}

func cacheEvict(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "evict TARGET|DIGEST...",
		Short:   "Forgets the results of targets as they are now, or blobs by their digests.",
		Example: "  cairn cache evict //docs:table",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{"evict takes targets or digests", "Usage: " + useLine(c)}
			}
			var blobs []digest.Digest
			var keys []digest.Hash
			for _, text := range args {
				if d, err := digest.Parse(text); err == nil {
					blobs = append(blobs, d)
					continue
				}
				if h, err := digest.ParseHash(text); err == nil {
					keys = append(keys, h)
					continue
				}
				err := a.with(func(s *session) error {
					ks, err := s.keysOf(c.Context(), text)
					keys = append(keys, ks...)
					return err
				})
				if err != nil {
					return err
				}
			}
			return a.withCache(disk.Options{}, func(d *disk.Cache) error {
				n, err := d.Evict(blobs...)
				trees := treesOf(d, keys)
				for i := 0; err == nil && i < len(keys); i++ {
					var m int
					m, err = d.EvictKey(keys[i])
					n += m
				}
				if err != nil {
					return err
				}
				a.ui.Say("%d entries forgotten", n)
				folders, used, err := d.DropTrees(trees...)
				switch {
				case err != nil:
					return err
				case used && len(trees) > 0:
					a.ui.Say("a build or a script uses the cache, so folders stay until it is trimmed")
				case folders > 0:
					a.ui.Say("%d folders removed", folders)
				}
				return nil
			})
		},
	}
}

// treesOf gives the folders that results made.
func treesOf(d *disk.Cache, keys []digest.Hash) (trees []digest.Digest) {
	for _, k := range keys {
		b, ok := d.Lookup(cache.Result, k)
		if !ok {
			continue
		}
		if r, ok := action.DecodeResult(b); ok {
			for _, o := range r.Outputs {
				if o.Tree {
					trees = append(trees, o.Digest)
				}
			}
		}
	}
	return trees
}

func allRecords(m map[cache.Kind]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// parseAge reads 30d, 12h, 90m.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 100_000 {
			return time.Duration(n * 24 * float64(time.Hour)), nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, usagef("%q is no age; an age is written like 30d or 12h", text)
}
