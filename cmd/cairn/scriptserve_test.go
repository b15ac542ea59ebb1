package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve NAME DIR: serves the folder's files over HTTP until the script ends. $NAME is the address, and each request adds a
// line to DIR.log. Of a file beside which there is one named FILE.cut, half comes before the connection ends.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	name, dir := args[0], ts.MkAbs(args[1])
	var mu sync.Mutex
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		f, err := os.OpenFile(filepath.Clean(dir)+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, err = f.WriteString(r.Method + " " + r.URL.Path + "\n")
		if cerr := f.Close(); err != nil || cerr != nil {
			http.Error(w, "log", http.StatusInternalServerError)
			return
		}
		if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.URL.Path))); err == nil {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(r.URL.Path)+".cut")); err == nil {
				w.Header().Set("Content-Length", strconv.Itoa(len(b)))
				_, _ = w.Write(b[:len(b)/2])
				panic(http.ErrAbortHandler)
			}
		}
		files.ServeHTTP(w, r)
	}))
	ts.Defer(s.Close)
	ts.Setenv(name, s.URL)
}
