package yamltree

import "strings"

// Step makes a key a step of a JSON pointer (RFC 6901).
func Step(key string) string {
	if !strings.ContainsAny(key, "~/") {
		return key
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
