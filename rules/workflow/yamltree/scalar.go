package yamltree

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is how long a whole number may be: Python reads no longer one from text.
const maxDigits = 4300

// plain gives what a scalar without quotes is.
func plain(s string) (Kind, string, error) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return Null, "", nil
	case "true", "True", "TRUE":
		return Bool, "true", nil
	case "false", "False", "FALSE":
		return Bool, "false", nil
	case ".nan", ".NaN", ".NAN":
		return Float, "nan", nil
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return Float, "inf", nil
	case "-.inf", "-.Inf", "-.INF":
		return Float, "-inf", nil
	}
	if c := s[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return String, s, nil
	}
	switch {
	case isWhole(s):
		text, err := whole(s)
		return Int, text, err
	case isFloat(s):
		return Float, float(strings.ReplaceAll(s, "_", "")), nil
	}
	return String, s, nil
}

// isWhole says whether s has the form of a whole number; see the package's comment. The forms are those of ruamel.yaml's resolver for 1.2.
func isWhole(s string) bool {
	s = unsigned(s)
	if len(s) > 2 && strings.Trim(s[2:], "_") == "" {
		return isDigit(s[0]) && isDigit(s[1]) // not 0x_
	}
	switch {
	case len(s) > 2 && s[:2] == "0b":
		return only(s[2:], "01_")
	case len(s) > 2 && s[:2] == "0o":
		return only(s[2:], "01234567_")
	case len(s) > 2 && s[:2] == "0x":
		return only(s[2:], "0123456789abcdefABCDEF_")
	}
	return s != "" && isDigit(s[0]) && only(s, "0123456789_")
}

// isFloat says whether s has the form of a number with a point or an exponent: 1.5, 1., .5, 1e3.
func isFloat(s string) bool {
	s = unsigned(s)
	mantissa, exponent, hasExponent := strings.Cut(strings.ReplaceAll(s, "E", "e"), "e")
	if hasExponent && !(unsigned(exponent) != "" && only(unsigned(exponent), "0123456789")) {
		return false
	}
	before, after, point := strings.Cut(mantissa, ".")
	switch {
	case before == "":
		return point && after != "" && isDigit(after[0]) && only(after, "0123456789_")
	case !isDigit(before[0]) || !only(before, "0123456789_"):
		return false
	}
	return only(after, "0123456789_") && (point || hasExponent)
}

func unsigned(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[1:]
	}
	return s
}

func only(s, letters string) bool { return strings.Trim(s, letters) == "" }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func whole(s string) (string, error) {
	s = strings.TrimPrefix(strings.ReplaceAll(s, "_", ""), "+")
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	base := 10
	if len(s) > 1 && s[0] == '0' {
		switch s[1] {
		case 'b':
			base, s = 2, s[2:]
		case 'o':
			base, s = 8, s[2:]
		case 'x':
			base, s = 16, s[2:]
		}
	}
	s = strings.TrimLeft(s, "0")
	if s == "" {
		return "0", nil
	}
	if len(s)*(map[int]int{2: 1, 8: 3, 10: 4, 16: 4}[base]) > 4*maxDigits {
		return "0", fmt.Errorf("a whole number has at most %d digits", maxDigits)
	}
	if base == 10 {
		return sign + s, nil
	}
	n, ok := new(big.Int).SetString(s, base)
	if !ok {
		return "0", fmt.Errorf("no number")
	}
	return sign + n.String(), nil
}

// float gives a number as Python prints it, which is JSON's form where it is finite.
func float(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case err != nil || math.IsNaN(f):
		return "nan"
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	_, exp, _ := strings.Cut(e, "e")
	if x, _ := strconv.Atoi(exp); x >= 16 || x < -4 {
		return e
	}
	out := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(out, ".") {
		out += ".0"
	}
	return out
}
