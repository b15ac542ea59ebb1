# The station's low-level RF, on top of the card. It stands in for ESS' sis8300llrf.

locals {
  # Which digitizer and which scaling a revision was built against. The code is the same.
  revisions = {
    "3.17.0+0" = { digitizer = "4.2.0+0", scaling = "1.0.0+0" }
  }
}

ioc_module "llrf" {
  for_each     = local.revisions
  version      = each.key
  sources      = ["llrf.c"]
  dbds         = ["llrf.dbd"]
  templates    = ["llrf.template"]
  scripts      = ["llrf.iocsh"]
  deps         = ["//modules/digitizer@${each.value.digitizer}", "//modules/scaling@${each.value.scaling}"]
  runtime_deps = ["//modules/ramp"] # its records need no header of it
}
