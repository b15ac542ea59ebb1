package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
)

func whyCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "why TARGET|FILE",
		Short: "Says why a target ran last time, back to the causes.",
		Long: "Says what became of a target's actions in the last run that looked at them, and in which named components their keys differ\n" +
			"from the ones before, back through the actions that made changed inputs. A file stands for the targets that read or make it.",
		Example: "  cairn why //docs:table\n  cairn why cairn-out/docs/table/table.txt",
		Args:    exactly(1, "one target or file"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				xs, err := s.engine.Why(c.Context(), args[0], s.pkg)
				if err != nil {
					return err
				}
				if s.flags.json {
					out := []whyJSON{}
					for _, x := range xs {
						out = append(out, whyOf(x))
					}
					return s.ui.JSON(out)
				}
				for _, x := range xs {
					s.ui.Printf("%s %s, run %s: %s\n", build.TestID{Label: x.Label, Case: x.Case}, x.Action, x.Run, whyLine(x))
					s.showCauses(x, "  ", map[*build.Explanation]bool{})
				}
				return nil
			})
		},
	})
}

func whyLine(x *build.Explanation) string {
	line := x.Status
	if x.Why != "" {
		line += ": " + x.Why
	}
	return line
}

// showCauses writes what differs, and below each changed input what changed it. What made several of them is explained once.
func (s *session) showCauses(x *build.Explanation, indent string, told map[*build.Explanation]bool) {
	for _, c := range x.Changes {
		s.ui.Line(indent + c.Text)
		in, ok := strings.CutPrefix(c.Name, "input ")
		if !ok {
			continue
		}
		for _, cause := range x.Causes {
			if !makes(cause, in) {
				continue
			}
			if told[cause] {
				s.ui.Printf("%s  made by %s %s, as above\n", indent, cause.Label, cause.Action)
				continue
			}
			told[cause] = true
			s.ui.Printf("%s  made by %s %s: %s\n", indent, cause.Label, cause.Action, whyLine(cause))
			s.showCauses(cause, indent+"    ", told)
		}
	}
}

// makes says whether an action of the target that a cause names has made a file: outputs lie in folders named after targets.
func makes(cause *build.Explanation, file string) bool {
	folder := "cairn-out/" + strings.TrimPrefix(strings.Replace(strings.TrimPrefix(cause.Label, "//"), ":", "/", 1), "/")
	return file == folder || strings.HasPrefix(file, folder+"/")
}

type whyJSON struct {
	Label   string       `json:"label"`
	Action  string       `json:"action"`
	Case    string       `json:"case,omitempty"`
	Run     string       `json:"run"`
	Status  string       `json:"status"`
	Why     string       `json:"why,omitempty"`
	Changes []changeJSON `json:"changes,omitempty"`
	Causes  []whyJSON    `json:"causes,omitempty"`
}

type changeJSON struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

func whyOf(x *build.Explanation) whyJSON {
	j := whyJSON{Label: x.Label, Action: x.Action, Case: x.Case, Run: x.Run, Status: x.Status, Why: x.Why}
	for _, c := range x.Changes {
		j.Changes = append(j.Changes, changeJSON{c.Name, c.Text, c.Old, c.New})
	}
	for _, c := range x.Causes {
		j.Causes = append(j.Causes, whyOf(c))
	}
	return j
}
