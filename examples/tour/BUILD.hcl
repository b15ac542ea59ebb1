# A script from a git repository, in an environment of what the repository's own lock names.

workspace "tour" {}

# The repository. Here it is a bundle, a whole repository in one file, so that the tour needs no server; an address such as
# https://git.example.org/oso/observatory.git is no different. Which commit `main` is, BUILD.lock.hcl says.
git_source "repository" {
  url    = "./observatory.bundle"
  branch = "main"
  follow = false                            # without this, each run of the script would ask what the branch is now
}

# The packages that the repository's pylock.toml names, about 20 with their hashes, and the repository's own library.
python_env "environment" {
  project = ":repository"
}

# The script.
script "tour" {
  source     = ":repository"
  path       = "scripts/tour.py"
  python_env = ":environment"
  workdir    = "."
}
