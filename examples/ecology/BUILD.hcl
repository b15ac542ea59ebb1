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
