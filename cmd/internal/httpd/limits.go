package httpd

import (
	"io"
	"log"
	"net/http"
	"time"
)

// slowest is how long a client may take to read what was sent before it is dropped.
const slowest = 10 * time.Second

// NewServer gives a server with the limits that keep one client from using up what others need. It starts nothing.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second, // streams lift it
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // what net/http has to say about clients that break off
	}
}

// Hurry gives a client so long to take an answer.
func Hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(slowest)) // what is not a connection needs none
}

// Patient lets a request take as long as what it asks for.
func Patient(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // where that is not to be had, its context ends early
}
