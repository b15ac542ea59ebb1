//go:build !linux

package local

func namespaceChecks() []Check {
	return []Check{{Name: "namespaces", Detail: "they are Linux's"}}
}
