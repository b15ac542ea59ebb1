# A record type with a menu. Their headers are made of the dbd files, and installed for others.

ioc_module "ramp" {
  version = "1.2.0+0"
  sources = ["rampRecord.c"]
  dbds    = ["menuRampDirection.dbd", "rampRecord.dbd"]
}
