# An iocsh command and a variable, and what other modules compile with. Three versions live side by side: an instance for each.

ioc_module "scaling" {
  for_each = { "1.0.0+0" = "1.0.0", "1.1.0+0" = "1.1.0", "2.0.0+0" = "2.0.0" }
  version  = each.key
  sources  = ["${each.value}/scaling.c"]
  headers  = ["${each.value}/scaling.h"]
  dbds     = ["scaling.dbd"]
}
