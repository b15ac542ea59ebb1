# A source and a dbd that a command makes of a list, as StreamDevice does it.

command "references" {
  srcs   = ["records.txt"]
  outs   = ["fieldbusReferences.c"]
  script = <<-SH
    echo '#include "fieldbus.h"' >$OUT
    sed 's/.*/#include <&Record.h>\nFIELDBUS_DEVICE(&);/' $SRCS >>$OUT
  SH
}

command "support" {
  srcs   = ["records.txt"]
  outs   = ["fieldbusSup.dbd"]
  script = "sed 's/.*/device(&, INST_IO, devFieldbus_&, \"fieldbus\")/' $SRCS >$OUT"
}

ioc_module "fieldbus" {
  version         = "2.8.26+0"
  sources         = ["fieldbus.c", ":references"]
  private_headers = ["fieldbus.h"]
  dbds            = [":support"]
}
