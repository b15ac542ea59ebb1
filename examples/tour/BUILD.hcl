# A script from a git repository, in an environment of what the repository's own lock names.

workspace "tour" {}

# The repository. Here it is a bundle, a whole repository in one file, so that the tour needs no server; an address such as
# https://git.example.org/oso/observatory.git is no different. Which commit `main` is, BUILD.lock.hcl says.
git_source "repository" {
  url    = "./observatory.bundle"
  branch = "main"
  follow = false # without this, each run of the script would ask what the branch is now
}

# The packages that the repository's pylock.toml names, about 20 with their hashes, and the repository's own library.
python_env "environment" {
  project = ":repository"
}

# The script. It starts the package and the IOC below, so they are made before it. The programs of EPICS are for Linux on x86_64.
script "tour" {
  source     = ":repository"
  path       = "scripts/tour.py"
  python_env = ":environment"
  workdir    = "."
  data       = select(platform.id, { linux-x86_64 = [":night", ":dome"], default = [":night"] })
}

# A package: a workflow that night/spec.yaml describes becomes one, with a command line of its own.
python_env "tasks_env" {
  lock = "night/pylock.toml"
}

task_package "tasks" {
  python_env = ":tasks_env"
  srcs       = glob(["night/src/**", "night/pyproject.toml"])
  root       = "night"
}

workflow "night" {
  spec  = "night/spec.yaml"
  tasks = [":tasks"]
}

# An IOC: a module of EPICS that is compiled against a base, and what starts with it. The base is made of two packages of PyPI.
epics_base "base" {
  platforms = ["linux-x86_64"]
}

ioc_module "telescope" {
  base      = ":base"
  version   = "1.0.0+0"
  sources   = ["telescope/telescope.c"]
  dbds      = ["telescope/telescope.dbd"]
  templates = ["telescope/telescope.template"]
  platforms = ["linux-x86_64"]
}

ioc "dome" {
  base      = ":base"
  startup   = "telescope/st.cmd"
  deps      = [":telescope"]
  platforms = ["linux-x86_64"]
}
