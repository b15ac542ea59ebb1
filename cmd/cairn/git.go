package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// gitDescribe says where a folder's commit stands in history, for git_describe(): the nearest tag, how many commits ago
// it was and the commit; the commit alone where there is no tag. Changes that are not committed do not count.
func gitDescribe(dir string) (string, error) {
	c := exec.Command("git", "-C", dir, "describe", "--tags", "--always", "--abbrev=12")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		text, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return "", errors.New(strings.TrimPrefix(text, "fatal: "))
	case err != nil:
		return "", fmt.Errorf("git is needed and does not start: %w", err)
	}
	return strings.TrimSpace(stdout.String()), nil
}
