package action

import "sync"

// Piece is one of several things that an action consists of, once it is there: a file that a Call fetched, or the command for one
// file of a tree.
type Piece struct {
	Name  string // of the file
	How   string // "cached", "fetched", or "ran"
	N, Of int    // N pieces are there now
}

// counted gives the function that tells how each of an action's pieces came to be; it may be called from several goroutines.
func (x *Executor) counted(j *Job, of int) func(name, how string) {
	if x.Piece == nil {
		return func(string, string) {}
	}
	var mu sync.Mutex
	n := 0
	return func(name, how string) {
		mu.Lock()
		defer mu.Unlock()
		n++
		x.Piece(j, Piece{Name: name, How: how, N: n, Of: of})
	}
}
