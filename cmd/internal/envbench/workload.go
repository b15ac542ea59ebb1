package main

import (
	"fmt"
	"strings"
)

// wanted is what the library depends on. Versions are fixed so that two runs of the benchmark speak of the same bytes; what
// these need in turn is what the index has when it is locked.
var wanted = []string{
	"astropy==8.0.2", "click==8.5.1", "fastapi==0.165.0", "gitpython==3.2.1", "httpx==0.28.1", "jinja2==3.1.6", "jsonschema==4.26.0", "numpy==2.4.6",
	"pandas==3.1.1", "pydantic==2.14.3", "python-dateutil==4.0.0", "pyyaml==6.0.3", "requests==2.34.2", "rich==15.0.0", "uvicorn==0.54.0",
}

// extra are small packages that need no others: a group each.
var extra = []string{"more-itertools==11.2.1", "pypubsub==4.0.7", "sortedcontainers==2.4.0", "tabulate==0.10.0", "toolz==1.2.0", "wcwidth==0.9.4"}

// variants is how many sets of groups there are.
const variants = 1 << 6

// modules is how many modules the library has.
const modules = 61

func group(i int) string {
	name, _, _ := strings.Cut(extra[i], "=")
	return name
}

// groups gives a set of groups; no two numbers below variants give the same.
func groups(n int) (gs []string) {
	for i := range extra {
		if n>>i&1 == 1 {
			gs = append(gs, group(i))
		}
	}
	return gs
}

// project gives the files of the repository, but for its lock.
func project() map[string]string {
	var p strings.Builder
	p.WriteString("[project]\nname = \"observing\"\nversion = \"1.0.0\"\ndescription = \"A library\"\nrequires-python = \">=3.11\"\ndependencies = [\n")
	for _, w := range wanted {
		fmt.Fprintf(&p, "    %q,\n", w)
	}
	p.WriteString("]\n\n[dependency-groups]\n")
	for i, e := range extra {
		fmt.Fprintf(&p, "%s = [%q]\n", group(i), e)
	}
	p.WriteString("\n[tool.uv]\ndefault-groups = []\n\n[build-system]\nrequires = [\"poetry-core>=2.0\"]\nbuild-backend = \"poetry.core.masonry.api\"\n" +
		"\n[tool.poetry]\npackages = [{ include = \"observing\", from = \"src\" }]\n")
	files := map[string]string{"pyproject.toml": p.String(), scriptPath: scriptText("first"), "src/observing/__init__.py": ""}
	for i := 1; i < modules; i++ {
		files[modulePath(i)] = moduleText(i, "first")
	}
	return files
}

// scriptPath is where the script lies, edited by a commit that touches nothing else.
const scriptPath = "scripts/observe.py"

// scriptText is the script: it says first that it runs, then what it is and which library it has.
func scriptText(what string) string {
	return fmt.Sprintf("print(%q, flush=True)\nfrom observing import m07\nprint(%q, m07.VALUE)\n", firstLine, what)
}

func modulePath(i int) string { return fmt.Sprintf("src/observing/m%02d.py", i) }

func moduleText(i int, what string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\"\"\"Module %d.\"\"\"\n\nVALUE = %q\n", i, what)
	for f := range 20 {
		fmt.Fprintf(&b, "\n\ndef function_%d(a, b=%d):\n    \"\"\"Adds.\"\"\"\n    total = a + b\n    for step in range(total):\n        total += step * %d\n    return total\n", f, f, i)
	}
	return b.String()
}
