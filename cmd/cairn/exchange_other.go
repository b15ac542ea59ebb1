//go:build !linux

package main

import "errors"

// exchange swaps two folders in one step; an error where the file system cannot.
func exchange(string, string) error { return errors.ErrUnsupported }
