# A small module on top of a large one: an iocsh command that serves a structure with pvxs.

ioc_module "snapshot" {
  version = "0.1.0+0"
  sources = ["snapshot.cpp"]
  dbds    = ["snapshot.dbd"]
  deps    = ["//modules/pvxs"]
}
