// Package golang holds the kinds that build and test Go modules with Go's own tools.
package golang

import "github.com/cairn-build/cairn/graph/rule"

// Toolchain is the host's Go, which makes things for every platform. cc is used where a target asks for cgo.
var Toolchain = rule.Toolchain{Kind: "go", HostTools: map[string]string{"go": "go", "cc": "gcc"}}

// Go keeps compiled packages and unpacked modules of its own; both check what they hold by digest, so that all workspaces
// and actions can share them.
var (
	buildCache  = rule.Scratch{Name: "go-build", Env: "GOCACHE", Shared: true}
	moduleCache = rule.Scratch{Name: "go-mod", Env: "GOMODCACHE", Shared: true}
)

// clientEnv are the variables by which people tell Go where modules come from. go.sum says what they are.
var clientEnv = []string{
	"ALL_PROXY", "GOAUTH", "GOINSECURE", "GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOPROXY", "GOSUMDB",
	"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE",
	"all_proxy", "http_proxy", "https_proxy", "no_proxy",
}

// goPlatform gives p in Go's words.
func goPlatform(p rule.Platform) (goos, goarch string, ok bool) {
	goarch = map[string]string{"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[p.Arch]
	return p.OS, goarch, goarch != "" && (p.OS == "linux" || p.OS == "darwin")
}
