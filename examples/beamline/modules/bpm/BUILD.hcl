# A beam position monitor, in C++. It needs the ends that a line has since scaling 1.1.

ioc_module "bpm" {
  version   = "1.0.0+0"
  sources   = ["bpm.cpp"]
  dbds      = ["bpm.dbd"]
  templates = ["bpm.template"]
  deps      = ["//modules/scaling@1.1.0+0"]
}
