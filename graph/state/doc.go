// Package state is cairn's memory of a workspace between runs: the evaluated graph, and facts about the files it stands
// on. Analysis writes a graph through a Builder; a later run maps the file that came of it and reads it in place. It knows
// neither HCL nor rules nor caches: what an action means is opaque bytes here.
//
// A snapshot is a cache. Where it is missing, damaged, truncated or of another version, Open says so with an error that
// wraps ErrNoSnapshot; the caller evaluates anew and is right, only slower.
//
// # Parts
//
// A Graph has an immutable half (targets, actions, artifacts, reads, and the edges between them; see Builder) and a mutable
// half, the facts (see facts.go): what a source's stat and digest were, what an action's key and outputs were, what lies in
// cairn-out, what a tool is. Facts are flat arrays indexed by id, in the same file. The file is mapped privately, so that a
// fact is set by writing to the array; what other runs shall see of it is appended to the journal beside the snapshot.
//
// # Invariant
//
// An action counts as done only while the facts that its key was made of hold: setting a different digest for a source,
// another result for an action or another identity for a tool takes the mark from everything that reads it, in the same
// journal batch. So a run that dies between noticing an edit and acting on it leaves nothing that the next one misses.
//
// # Trust
//
// Facts are believed as long as the file system agrees with them, and facts that were taken too soon after a change to tell
// a later one apart (see Stat.RacyAt) are reported as suspect, to be hashed again.
package state
