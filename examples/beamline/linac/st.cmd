# The IOC of the linac's first station.
require llrf,3.17.0
require vacuum
require fieldbus
require iocstats
require snapshot

epicsEnvSet("P", "LINAC:")
iocshLoad("$(llrf_DIR)llrf.iocsh", "P=$(P),SLOT=3")
dbLoadRecords("$(digitizer_DB)digitizer4.db", "P=$(P),SLOT=3")
iocshLoad("$(vacuum_DIR)vacuum.iocsh", "P=$(P)")
dbLoadRecords("$(iocstats_DB)iocAdminSoft.db", "IOC=LINAC")
dbLoadRecords("$(E3_CMD_TOP)/chiller.db", "P=$(P)")
snapshotServe("LINAC:Beam", "Cavity 1")
