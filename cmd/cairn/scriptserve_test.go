package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve [-tls] [-login USER:PASSWORD] NAME DIR: serves the folder's files over HTTP until the script ends. $NAME is the address, and each request adds a
// line to DIR.log. Of a file beside which there is one named FILE.cut, half comes before the connection ends. It serves as a
// proxy too: whatever host is asked for, it is the folder that answers. With -tls, $NAME_CA is a file with its certificate;
// with -login, who does not say so gets a 401.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	tls, login := false, ""
	for ; strings.HasPrefix(args[0], "-"); args = args[1:] {
		switch args[0] {
		case "-tls":
			tls = true
		case "-login":
			login, args = args[1], args[1:]
		default:
			ts.Fatalf("unknown option %s", args[0])
		}
	}
	name, dir := args[0], ts.MkAbs(args[1])
	var mu sync.Mutex
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if user, password, _ := r.BasicAuth(); login != "" && user+":"+password != login {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
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
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	if tls {
		s.StartTLS()
		ca := filepath.Join(ts.Getenv("PLACE"), name+".pem")
		ts.Check(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o644))
		ts.Setenv(name+"_CA", ca)
	} else {
		s.Start()
	}
	ts.Defer(s.Close)
	ts.Setenv(name, s.URL)
}
