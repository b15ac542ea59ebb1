# EPICS modules, real ones and small ones, and an IOC that starts from them.

workspace "beamline" {
  epics_base = ":base"
}

# softIocPVA, msi, headers and dbd files, of two packages of PyPI.
epics_base "base" {}

# What loads modules inside an IOC. Every IOC has it; as a target it can be installed with the modules.
require_module "require" {
  base = ":base"
}

# What a `require` finds. A folder where modules are installed would do as well: path = "/opt/epics/siteMods".
ioc_pool "pool" {
  modules = [
    "//modules/iocstats", "//modules/pvxs", "//modules/snapshot", "//modules/scaling", "//modules/ramp", "//modules/digitizer",
    "//modules/llrf", "//modules/bpm", "//modules/fieldbus", "//modules/vacuum",
  ]
}

ioc "linac" {
  startup  = "linac/st.cmd"
  data     = ["linac/chiller.db"]
  pools    = [":pool"]
  ioc_name = "LINAC"
}

ioc_test "linac_test" {
  ioc = ":linac"
  pvs = {
    "LINAC:Ch1"                 = 3.001
    "LINAC:Amplitude"           = { value = 53.1, tolerance = 0.1 }
    "LINAC:Power"               = 100
    "LINAC:Vac2:Pressure"       = 2e-8
    "LINAC:Chiller:Temperature" = 21.5
    "LINAC:Chiller:Model"       = "RC-6"
    "LINAC:Beam"                = { ca = false, pva = { match = "Cavity 1" } }
    "LINAC:ENGINEER"            = {}
    "$(IOC):llrfVersion"        = "3.17.0+0"
  }
}
