package gittest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/fcgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// HTTPS serves the repositories below a folder by nginx and git-http-backend, with a certificate of an authority of its own. place
// is an empty folder for its files. A *debiantest.MissingError where there is no nginx.
func HTTPS(repos, place string) (*Server, error) {
	nginx, err := find("nginx")
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return nil, err
	}
	backend := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	roots, err := certificates(place)
	if err != nil {
		return nil, err
	}
	s := &Server{Env: []string{"GIT_SSL_CAINFO=" + filepath.Join(place, "ca.pem"), "SSL_CERT_FILE=" + filepath.Join(place, "ca.pem")}}
	// nginx starts no programs: it hands requests over to here, and here the backend is started.
	calls, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = fcgi.Serve(calls, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { // it ends when the listener is closed
			s.visits.Add(1)
			h := &cgi.Handler{Path: backend, Dir: repos, Root: "/", Stderr: io.Discard,
				Env: append(serverEnv(), "GIT_PROJECT_ROOT="+repos, "GIT_HTTP_EXPORT_ALL=1", "GIT_PROTOCOL="+q.Header.Get("Git-Protocol"))}
			h.ServeHTTP(w, q)
		}))
	}()
	s.ends = append(s.ends, func() { calls.Close(); <-served })
	if err := s.startNginx(nginx, place, calls.Addr().String()); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.answers(roots); err != nil {
		log, _ := os.ReadFile(filepath.Join(place, "error.log"))
		s.Close()
		return nil, fmt.Errorf("nginx does not answer: %w\n%s", err, log)
	}
	s.visits.Store(0)
	return s, nil
}

// startNginx starts nginx on a socket of the file system, so that no other program can have its port first, and passes on to it
// who comes to a port that is free.
func (s *Server) startNginx(nginx debiantest.Program, place, calls string) error {
	dir, err := os.MkdirTemp("", "nginx-") // the address of a socket is short
	if err != nil {
		return err
	}
	s.ends = append(s.ends, func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	conf := fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events {}
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path %[1]s/body;
  fastcgi_temp_path %[1]s/fcgi;
  proxy_temp_path %[1]s/proxy;
  scgi_temp_path %[1]s/scgi;
  uwsgi_temp_path %[1]s/uwsgi;
  server {
    listen unix:%[2]s ssl;
    ssl_certificate %[1]s/server.pem;
    ssl_certificate_key %[1]s/server.key;
    location / {
      fastcgi_pass %[3]s;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param HTTP_HOST $host;
      fastcgi_param HTTPS on;
    }
  }
}
`, place, socket, calls)
	if err := os.WriteFile(filepath.Join(place, "nginx.conf"), []byte(conf), 0o644); err != nil {
		return err
	}
	c := exec.Command(nginx.Path, "-p", place, "-e", filepath.Join(place, "error.log"), "-c", filepath.Join(place, "nginx.conf"))
	c.Env = append(serverEnv(), nginx.Env()...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return err
	}
	s.ends = append(s.ends, func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
	})
	return s.passOn(socket)
}

// passOn takes connections at a free port and passes on what comes to a socket, and back.
func (s *Server) passOn(socket string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.URL = "https://" + l.Addr().String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("unix", socket)
			if err != nil { // it is not up yet, or has gone
				in.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				all.Go(func() {
					_, _ = io.Copy(way[0], way[1]) // either end may go
					way[0].Close()
					way[1].Close()
				})
			}
		}
	})
	s.ends = append(s.ends, func() { l.Close() })
	// What still runs ends when nginx does, which is ended before.
	s.ends = slices.Insert(s.ends, 1, func() { all.Wait() })
	return nil
}

// answers waits for the first answer.
func (s *Server) answers(roots *x509.CertPool) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/", nil)
	if err != nil {
		return err
	}
	for {
		r, err := client.Do(q)
		if err == nil {
			return r.Body.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// certificates writes an authority and a server's certificate into a folder: ca.pem, server.pem, server.key.
func certificates(place string) (*x509.CertPool, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	from, to := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cairn's tests"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return nil, err
	}
	server := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, server, ca, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	for name, block := range map[string]*pem.Block{"ca.pem": {Type: "CERTIFICATE", Bytes: caDER}, "server.pem": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		var b bytes.Buffer
		if err := pem.Encode(&b, block); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(place, name), b.Bytes(), 0o600); err != nil {
			return nil, err
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	return roots, nil
}
