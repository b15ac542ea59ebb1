# Device support for a card, with a header for the modules on top of it.

locals {
  # Which scaling a revision was built against. The code is the same.
  revisions = {
    "4.2.0+0" = "1.0.0+0"
  }
}

ioc_module "digitizer" {
  for_each  = local.revisions
  version   = each.key
  sources   = ["digitizer.c", "devDigitizer.c"]
  headers   = ["digitizer.h"]
  dbds      = ["digitizer.dbd"]
  templates = ["digitizer.template"]
  subs      = ["digitizer4.substitutions"]
  deps      = ["//modules/scaling@${each.value}"]
}
