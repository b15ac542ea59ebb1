//go:build !linux

package site

import "errors"

// exchange swaps two folders at one moment; errors.ErrUnsupported says that the file system cannot.
func exchange(string, string) error { return errors.ErrUnsupported }
