# EPICS modules, real ones and small ones, and an IOC that starts from them.

workspace "beamline" {
  epics_base = ":base"
}

# softIocPVA, msi, headers and dbd files, of two packages of PyPI.
epics_base "base" {}
