# pvxs, PV Access in C++ with libevent in it, from the source distribution of PyPI's pvxslibs.

registry_file "pvxslibs" {
  index   = "pypi"
  package = "pvxslibs"
  version = "1.5.3"
  file    = "pvxslibs-1.5.3.tar.gz"
  sha256  = "d366308ce09790a459631acc300f1df0b4091292a753bc08b0667ca9d59fb469"
  unpack  = true
  strip   = 1
}

locals {
  event = [
    "buffer", "bufferevent", "bufferevent_filter", "bufferevent_pair", "bufferevent_ratelim", "bufferevent_sock", "event", "evmap", "evthread",
    "evthread_pthread", "evutil", "evutil_rand", "evutil_time", "watch", "listener", "log", "signal", "strlcpy", "poll", "epoll", "signalfd", "select",
  ]
  pvxs = [
    "describe", "log", "unittest", "util", "osgroups", "sharedarray", "bitmask", "type", "data", "datafmt", "pvrequest", "dataencode", "nt",
    "evhelper", "udp_collector", "config", "conn", "server", "serverconn", "serverchan", "serverintrospect", "serverget", "servermon", "serversource",
    "sharedpv", "client", "clientreq", "clientconn", "clientintrospect", "clientget", "clientmon", "clientdiscover", "os/default/osdSockExt",
  ]
  ioc = [
    "channel", "credentials", "dberrormessage", "demo", "field", "fielddefinition", "fieldname", "fieldsubscriptionctx", "groupconfigprocessor",
    "group", "groupprocessorcontext", "groupsource", "groupsourcehooks", "iochooks", "iocsource", "localfieldlog", "securityclient", "singlesource",
    "singlesourcehooks", "singlesrcsubscriptionctx", "typeutils", "pvalink_channel", "pvalink", "pvalink_jlif", "pvalink_link", "pvalink_lset",
  ]
}

# What a configure step would make: headers that only pvxs itself includes, and one that others compile with too.
command "config" {
  srcs     = ["configure.py", ":pvxslibs"]
  tools    = ["gcc", "python3"]
  out_dirs = ["include"]
  script   = "$TOOL_PYTHON3 $SRCS $OUT $TOOL_GCC"
}

command "number" {
  srcs     = [":pvxslibs"]
  out_dirs = ["include"]
  script   = <<-SH
    sed -n 's/^\(PVXS_[A-Z]*_VERSION\) = \(.*\)/s,@\1@,\2,/p' $SRCS/configure/CONFIG_PVXS_VERSION >edits
    mkdir -p $OUT/pvxs
    sed -f edits $SRCS/src/pvxs/versionNum.h@ >$OUT/pvxs/versionNum.h
  SH
}

ioc_module "pvxs" {
  version = "1.5.3+0"
  tree    = ":pvxslibs"
  sources = concat(
    [for s in local.event : "bundle/libevent/${s}.c"],
    [for s in local.pvxs : "src/${s}.cpp"],
    [for s in local.ioc : "ioc/${s}.cpp"], ["ioc/imagedemo.c"],
  )
  dbds                = ["ioc/pvxs7x.dbd"]
  headers             = ["src/pvxs/*.h", "ioc/pvxs/*.h", ":number"]
  keep_header_subdirs = ["src", "ioc"]
  private_headers     = [":config"]
  usr_includes        = ["bundle/libevent", "bundle/libevent/include"]
  usr_cppflags        = ["-DPVXS_API_BUILDING", "-DPVXS_IOC_API_BUILDING", "-DPVXS_ENABLE_EXPERT_API="]
  patches             = ["one-server.patch"]

  # What runs a machine is better left at base's -O3, which takes a third longer.
  usr_cflags   = ["-O1"]
  usr_cxxflags = ["-O1"]
}
