package state

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

// DirName is where a workspace's snapshots lie, relative to its root: one for each settings,
// <16 hex digits of them>.graph, with its .journal.
const DirName = rule.OutDir + "/.state"

// keep is how many snapshots a workspace has: a few platforms or values of --var that are switched between.
const keep = 4

// PathIn is the file of the snapshot of a workspace for settings.
func PathIn(root string, settings digest.Hash) string {
	return filepath.Join(root, filepath.FromSlash(DirName), hex.EncodeToString(settings[:8])+".graph")
}

// Use notes that the snapshot at path was used now, once an hour at most, for Trim.
func Use(path string, now time.Time) {
	if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > time.Hour {
		os.Chtimes(path, time.Time{}, now)
	}
}

// Trim removes all snapshots of a workspace but the few that were used last, and what killed writers left more than an
// hour ago. The one at current stays. Call it after a Save.
func Trim(current string, now time.Time) error {
	dir := filepath.Dir(current)
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	type old struct {
		path string
		used time.Time
	}
	var olds []old
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // removed meanwhile
		}
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), ".graph-") && now.Sub(info.ModTime()) > time.Hour:
			os.Remove(path)
		case filepath.Ext(e.Name()) == ".graph" && path != current:
			used := info.ModTime()
			if j, err := os.Stat(journalPath(path)); err == nil && j.ModTime().After(used) {
				used = j.ModTime()
			}
			olds = append(olds, old{path, used})
		}
	}
	slices.SortFunc(olds, func(a, b old) int { return b.used.Compare(a.used) })
	for i, o := range olds {
		if i >= keep-1 {
			err = errors.Join(err, os.Remove(o.path), os.Remove(journalPath(o.path)))
		}
	}
	return err
}
