# Scripts that point a dish, from git repositories that change daily, in environments of what their commits' locks name.

workspace "observatory" {
  # What scripts run in that ask for no environment of their own.
  default_env = "//:default"
}

variable "branch" {
  type        = string
  default     = "main"
  description = "Which branch of dishlib scripts and environments are of."
}

# The library of today with its scripts: each run asks what the branch is now. Here the repository is a bundle, all of it in one file, so that the example needs no
# server; an address such as https://git.example.org/oso/dishlib.git is no different.
git_source "library" {
  url    = "./dishlib.bundle"
  branch = var.branch
  follow = true
}

# The library that was released, for the default environment: PyTango, katpoint, astropy, and dishlib 1.0.0.
git_source "released" {
  url = "./dishlib.bundle"
  tag = "v1.0.0"
}

python_env "default" {
  project = ":released"
}

# A commit that is no branch's tip any more.
git_source "pinned" {
  url    = "./dishlib.bundle"
  commit = "d4b24bb8c4f3e6bba8041da1461a553ee653a03e"
}

# A different library, whose version is what git says of the commit.
git_source "scans" {
  url    = "./skyscan.bundle"
  branch = "main"
}

# The dish: a Tango device server on loopback, which ends by itself.
script "dish" {
  file = "dish/dish.py"
}

# A script of this folder, in the default environment.
script "where" {
  file     = "where.py"
  pass_env = ["DISH"]
}

# A plain script of the repository, in the default environment: a commit of the repository makes nothing of an environment.
script "stow" {
  source   = ":library"
  path     = "scripts/stow.py"
  pass_env = ["DISH"]
}

# One with the functions init and main, in an environment of the commit's own lock and library.
script "point" {
  source     = ":library"
  path       = "scripts/point.py"
  create_env = true
  init       = {}
  main       = { target = "PKS 1610-771", at = "2026-03-21 22:00" }
  pass_env   = ["DISH"]
}

# The same of a commit, and of the default environment.
script "point_pinned" {
  source     = ":pinned"
  path       = "scripts/point.py"
  create_env = true
  init       = {}
  main       = { target = "PKS 1610-771", at = "2026-03-21 22:00" }
  pass_env   = ["DISH"]
}

script "point_default" {
  source   = ":library"
  path     = "scripts/point.py"
  init     = {}
  main     = { target = "PKS 1610-771", at = "2026-03-21 22:00" }
  pass_env = ["DISH"]
}

# A script of the different library.
script "raster" {
  source     = ":scans"
  path       = "scripts/raster.py"
  create_env = true
  main       = { rows = 3 }
  pass_env   = ["DISH"]
}
