package spec

import (
	"fmt"
	"strings"
)

// CheckVersion says what keeps text from being a conda version spec, nil where it is one.
func CheckVersion(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("it is empty")
	}
	return nil
}

func versionHint(string) string { return "" }
