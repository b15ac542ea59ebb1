package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
)

func testCommand(a *app) *cobra.Command {
	var (
		runs   int
		failed bool
		junit  string
		shard  string
		rev    string
		update bool
	)
	c := prints(&cobra.Command{
		Use:   "test [PATTERN...]",
		Short: "Builds and runs tests; what passed before with the same inputs is not run again.",
		Long: "Builds the targets and runs those that are tests. A test that passed is not run again until something that it depends\n" +
			"on changes; --runs N runs each N times whatever the cache holds. --update first renews the expected\n" +
			"results that tests keep in the source tree.",
		Example: "  cairn test //...\n  cairn test --runs 20 //net:flaky\n  cairn test --shard 2/5 --junit report.xml",
		RunE: func(c *cobra.Command, args []string) error {
			r := build.Request{Tests: true, Runs: runs}
			if runs < 1 {
				return usagef("--runs takes a number from 1 on, not %d", runs)
			}
			var err error
			if update && (failed || shard != "") {
				return usagef("--update renews what patterns name; it does not go with --failed or --shard")
			}
			if r.ShardIndex, r.ShardCount, err = parseShard(shard); err != nil {
				return err
			}
			return a.with(func(s *session) error {
				if r.Patterns, err = s.patterns(args); err != nil {
					return err
				}
				if some, err := s.keepTo(c.Context(), &r, rev); err != nil || !some {
					return err
				}
				if failed {
					if r.Only, err = s.failedTests(); err != nil {
						return err
					}
					if len(r.Only) == 0 {
						s.ui.Say("no test failed in the last run of tests")
						return nil
					}
				}
				if update {
					if err := s.update(c.Context(), r); err != nil {
						return err
					}
				}
				err := s.build(c.Context(), r)
				if junit != "" && s.last != nil {
					if werr := writeJUnit(junit, s.last); werr != nil {
						return werr
					}
				}
				return err
			})
		},
	})
	sinceFlag(c, &rev)
	c.Flags().IntVar(&runs, "runs", 1, "run each test `N` times")
	c.Flags().BoolVar(&failed, "failed", false, "only the tests that failed in the last run of tests")
	c.Flags().StringVar(&junit, "junit", "", "write a JUnit report to `FILE`")
	c.Flags().BoolVar(&update, "update", false, "renew the expected results in the source tree first")
	c.Flags().StringVar(&shard, "shard", "", "run the `I/N`th share of the tests, a stable one")
	return c
}

// parseShard reads I/N.
func parseShard(text string) (index, count int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	i, n, _ := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	if err1 != nil || err2 != nil || index < 1 || index > count {
		return 0, 0, usagef("--shard takes I/N with 1 <= I <= N, not %q", text)
	}
	return index, count, nil
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Package string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *struct{}     `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a report in the form that JUnit's readers share: one suite, a case for each run of a test.
func writeJUnit(file string, s *build.Summary) error {
	suite := junitSuite{Name: "cairn", Tests: len(s.Tests), Time: junitTime(s.Wall.Seconds())}
	for _, t := range s.Tests {
		pkg, name, _ := strings.Cut(strings.TrimPrefix(t.Label, "//"), ":")
		c := junitCase{Package: pkg, Name: name, Time: junitTime(t.Wall.Seconds()), Out: printable(t.Log)}
		if t.Case != "" {
			c.Package, c.Name = strings.TrimPrefix(t.Label, "//"), t.Case
		}
		if t.Run > 1 {
			c.Name = fmt.Sprintf("%s (run %d)", c.Name, t.Run)
		}
		switch t.Status {
		case build.Failed:
			suite.Failures++
			c.Failure = &junitFailure{}
			if t.Fail != nil {
				c.Failure.Message, c.Failure.Text, c.Out = t.Fail.Summary, printable(t.Fail.Output), ""
			}
		case build.Skipped:
			suite.Skipped++
			c.Skipped = &struct{}{}
		}
		suite.Cases = append(suite.Cases, c)
	}
	b, err := xml.MarshalIndent(suite, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(append([]byte(xml.Header), b...), '\n'), 0o666)
	}
	if err != nil {
		return &environmentError{fmt.Errorf("--junit %s: %s", file, plainError(err))}
	}
	return nil
}

func junitTime(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

// printable drops what XML cannot hold.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= ' ' && r != 0xfffe && r != 0xffff {
			return r
		}
		return -1
	}, strings.ToValidUTF8(string(b), "?"))
}
