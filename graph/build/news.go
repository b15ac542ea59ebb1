package build

import (
	"slices"
	"strings"
)

// news is what a look at the workspace found to be other than at the last one.
type news struct {
	artifacts []string // sources whose content is new or gone, outputs that are no longer as they were left
	reads     []string // what the evaluation read: BUILD.hcl and other files
	folders   []string // folders that the evaluation listed, whose names are others now
	tools     []string
	midway    []string // sources that were found to be new while a round was at work; under the engine's mu
}

func (n *news) artifact(path string) { n.artifacts = append(n.artifacts, path) }
func (n *news) read(path string)     { n.reads = append(n.reads, path) }
func (n *news) folder(path string)   { n.folders = append(n.folders, path) }
func (n *news) tool(name string)     { n.tools = append(n.tools, name) }

// midway notes that a source became another while a round is at work: the action that found out reads what is there now, but
// others may have read what was there, and the next look finds nothing new.
func (e *Engine) midway(path string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.news.midway = append(e.news.midway, strings.Clone(path))
}

// take empties n and gives what was in it, without repeats.
func (n *news) take() news {
	was := *n
	*n = news{}
	for _, s := range []*[]string{&was.artifacts, &was.reads, &was.folders, &was.tools} {
		slices.Sort(*s)
		*s = slices.Compact(*s)
	}
	return was
}
