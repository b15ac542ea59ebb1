# Workflows of penguins and of tracks: two packages that register tasks, and three workflows of them.

workspace "ecology" {}

locals {
  # The package that the other one imports, as it lies here.
  fieldkit = glob(["fieldkit/src/**"])
}

# What tasks run in: pandas, matplotlib, palmerpenguins, wt-task, and what a REST service needs. Modules of fieldkit are imported where they lie.
python_env "env" {
  lock          = "envs/pylock.tasks.toml"
  editable      = ["fieldkit/src"]
  editable_srcs = local.fieldkit
}

# The same with pytest, ruff and mypy.
python_env "dev" {
  lock          = "envs/pylock.dev.toml"
  editable      = ["fieldkit/src"]
  editable_srcs = local.fieldkit
}

# Tasks as they lie here: an edit counts at once.
task_package "fieldkit" {
  python_env = ":env"
  srcs       = concat(local.fieldkit, ["fieldkit/pyproject.toml"])
  root       = "fieldkit"
}

task_package "fielddata" {
  python_env = ":env"
  srcs       = glob(["fielddata/src/**", "fielddata/pyproject.toml"])
  root       = "fielddata"
}

# And as others get them: installed from wheels.
python_wheel "fieldkit_wheel" {
  srcs       = glob(["fieldkit/src/**", "fieldkit/pyproject.toml"])
  root       = "fieldkit"
  build_lock = "envs/pylock.build.toml"
}

python_wheel "fielddata_wheel" {
  srcs       = glob(["fielddata/src/**", "fielddata/pyproject.toml"])
  root       = "fielddata"
  build_lock = "envs/pylock.build.toml"
}

python_env "released_env" {
  lock   = "envs/pylock.tasks.toml"
  wheels = [":fieldkit_wheel", ":fielddata_wheel"]
}

task_package "released" {
  python_env = ":released_env"
}

# Tests, examples in docstrings, lint, format and types of both packages.
python_test "fieldkit_test" {
  python_env = ":dev"
  srcs       = glob(["fieldkit/tests/*.py"])
  deps       = local.fieldkit
  path       = ["fieldkit/src"]
  config     = ["fieldkit/pyproject.toml"]
  checks     = ["pytest", "doctest", "lint", "format", "types"]
}

python_test "fielddata_test" {
  python_env = ":dev"
  srcs       = glob(["fielddata/tests/*.py"])
  deps       = glob(["fielddata/src/**"])
  path       = ["fielddata/src", "fieldkit/src"]
  config     = ["fielddata/pyproject.toml"]
  checks     = ["pytest", "doctest", "lint", "format", "types"]
}

# Calls only. The generated package lies in the source tree as well: `cairn check` says when it is out of date, `cairn build --write` renews it.
workflow "penguins" {
  spec     = "penguins/spec.yaml"
  tasks    = [":fieldkit", ":fielddata"]
  write_to = "penguins/wt-penguins-workflow"
}

# The same for each group of penguins, by tasks that are installed.
workflow "islands" {
  spec  = "islands/spec.yaml"
  tasks = [":released"]
}

# 50 tasks: from fixes to maps, plots and numbers.
workflow "tracks" {
  spec  = "tracks/spec.yaml"
  tasks = [":fieldkit", ":fielddata"]
}

# Each case is run one task after another and with tasks at once, by the command line and over REST; what tasks read is mocked.
workflow_test "penguins_test" {
  workflow = ":penguins"
  cases    = "penguins/test-cases.yaml"
}

workflow_test "islands_test" {
  workflow  = ":islands"
  cases     = "islands/test-cases.yaml"
  snapshots = "islands/__results_snapshots__"
  apis      = ["cli"]
}

workflow_test "tracks_test" {
  workflow  = ":tracks"
  cases     = "tracks/test-cases.yaml"
  snapshots = "tracks/__results_snapshots__"
  modes     = ["parallel"]
}
