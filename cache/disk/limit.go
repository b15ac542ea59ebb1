package disk

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxBytes reads CAIRN_CACHE_MAX: a number of bytes, or one with K, M, G or T behind it (powers of 1024; "iB" or "B" may
// follow). DefaultMaxBytes where it is not set.
func MaxBytes(getenv func(string) string) (int64, error) {
	s := getenv("CAIRN_CACHE_MAX")
	if s == "" {
		return DefaultMaxBytes, nil
	}
	n, err := ParseSize(s)
	if err != nil {
		return 0, fmt.Errorf("CAIRN_CACHE_MAX: %w", err)
	}
	return n, nil
}

// ParseSize reads a size such as "10G", "500MiB" or "1048576".
func ParseSize(s string) (int64, error) {
	num := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(s)), "B"), "I")
	shift := 0
	if i := strings.IndexAny(num, "KMGT"); i >= 0 && i == len(num)-1 {
		shift = 10 * (1 + strings.IndexByte("KMGT", num[i]))
		num = num[:i]
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if err != nil || !(n > 0) || n*float64(int64(1)<<shift) > 1<<60 {
		return 0, fmt.Errorf("%q is no size; write 10G or 500M", s)
	}
	return int64(n * float64(int64(1)<<shift)), nil
}
