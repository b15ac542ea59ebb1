# No sources: records and a snippet for iocshLoad.

ioc_module "vacuum" {
  version   = "0.3.1+0"
  templates = ["gauge.template"]
  subs      = ["vacuum.substitutions"]
  scripts   = ["vacuum.iocsh"]
}
