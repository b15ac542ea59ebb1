//go:build !linux

package main

import (
	"errors"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

func processes(c figures.Command) (int, error) {
	return 0, errors.New("processes are counted on Linux alone")
}
