# iocStats, whose sources ship in the source distribution of PyPI's softioc.

registry_file "softioc" {
  index   = "pypi"
  package = "softioc"
  version = "4.7.2"
  file    = "softioc-4.7.2.tar.gz"
  sha256  = "993ef8f6b81f0908baa4403422068334757057f006a61f554c450755c9ebf0c6"
  unpack  = true
  strip   = 3 # softioc-4.7.2/softioc/iocStats
}

locals {
  variables = [
    "CA_ADDR_LIST", "CA_AUTO_ADDR_LIST", "CA_CONN_TMO", "CA_BEACON_PERIOD", "CA_REPEATER_PORT", "CA_SERVER_PORT", "CA_MAX_ARRAY_BYTES",
    "CA_MAX_SEARCH_PERIOD", "CA_NAME_SERVERS", "CAS_INTF_ADDR_LIST", "CAS_IGNORE_ADDR_LIST", "CAS_AUTO_BEACON_ADDR_LIST", "CAS_BEACON_ADDR_LIST",
    "CAS_SERVER_PORT", "CAS_BEACON_PORT", "TZ", "TS_NTP_INET", "IOC_LOG_PORT", "IOC_LOG_INET", "IOC_LOG_FILE_LIMIT", "IOC_LOG_FILE_NAME",
  ]
}

# Upstream's makefile takes these from a configuration file of base, which no package ships.
command "site_variables" {
  outs   = ["siteEnvVars.substitutions"]
  env    = { NAMES = join(" ", local.variables) }
  script = <<-SH
    { echo 'file iocEnvVar.template { pattern { ENVNAME, ENVVAR, ENVTYPE }'
      for n in $NAMES; do echo "{ $n, EPICS_$n, epics }"; done
      echo '}'; } >$OUT
  SH
}

ioc_module "iocstats" {
  version = "3.2.0+0"
  tree    = ":softioc"
  sources = [
    "devIocStats/devIocStatsAnalog.c", "devIocStats/devIocStatsString.c", "devIocStats/devIocStatsWaveform.c",
    "devIocStats/devIocStatsSub.c", "devIocStats/devIocStatsTest.c",
    "devIocStats/os/Linux/osdCpuUsage.c", "devIocStats/os/Linux/osdCpuUtilization.c",
    "devIocStats/os/Linux/osdFdUsage.c", "devIocStats/os/Linux/osdMemUsage.c",
    "devIocStats/os/posix/osdSystemInfo.c", "devIocStats/os/posix/osdHostInfo.c", "devIocStats/os/posix/osdPIDInfo.c",
    "devIocStats/os/default/osdWorkspaceUsage.c", "devIocStats/os/default/osdClustInfo.c",
    "devIocStats/os/default/osdSuspTasks.c", "devIocStats/os/default/osdIFErrors.c", "devIocStats/os/default/osdBootInfo.c",
  ]
  private_headers = ["devIocStats/**/*.h"]
  usr_includes    = ["devIocStats", "devIocStats/os/Linux", "devIocStats/os/posix", "devIocStats/os/default"]
  dbds            = ["devIocStats/devIocStats.dbd", "devIocStats/devVxStats.dbd"]
  templates       = ["iocAdmin/Db/*.template", "iocAdmin/Db/*.db"]
  subs            = [":site_variables", "iocAdmin/Db/iocAdminScanMon.substitutions", "iocAdmin/Db/iocAdminSoft.substitutions"]
}
