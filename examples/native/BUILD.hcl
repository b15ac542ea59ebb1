# A real C library, fetched, compiled file by file, linked and run.

workspace "native" {}

locals {
  # The libraries of Brotli: what is shared, the decoder, the encoder.
  parts  = toset(["common", "dec", "enc"])
  cflags = ["-O2", "-std=c11", "-Wall"]
}

# Brotli's C sources ship in its Python source distribution. The hash is the key: where the bytes come from is the matter of
# your own pip configuration.
registry_file "brotli" {
  index   = "pypi"
  package = "brotli"
  version = "1.2.0"
  file    = "brotli-1.2.0.tar.gz"
  sha256  = "e310f77e41941c13340a95976fe66a8a95b01e783d430eeaf7a2f87e0a57dd0a"
  unpack  = true
  strip   = 1
}

# One compile for each file of the tree, each with a key of its own; the depfile narrows it to the headers that were read.
command "brotli_objects" {
  for_each   = local.parts
  each       = ":brotli"
  each_files = ["c/${each.value}/*.c"]
  tools      = ["gcc"]
  argv = concat([tool("gcc")], local.cflags,
    ["-I", "cairn-out/brotli/brotli/c/include", "-MMD", "-MF", "{depfile}", "-c", "{file}", "-o", "${out[0]}/{stem}.o"])
  depfile  = "deps/{stem}.d"
  out_dirs = ["objects"]
}

command "libbrotli" {
  deps   = [":brotli_objects"]
  tools  = ["ar"]
  outs   = ["libbrotli.a"]
  script = "$TOOL_AR rcsD $OUT $(find $DEPS -name '*.o' | sort)"
}

# Our own program: three files, two headers. An edited header compiles its users and nothing else.
command "objects" {
  for_each = toset(["main", "pack", "report"])
  srcs     = concat(["src/${each.value}.c"], glob(["src/*.h"]))
  deps     = [":brotli"]
  tools    = ["gcc"]
  argv = concat([tool("gcc")], local.cflags,
    ["-I", "cairn-out/brotli/brotli/c/include", "-MMD", "-MF", "{depfile}", "-c", "src/${each.value}.c", "-o", out[0]])
  depfile = "${each.value}.d"
  outs    = ["${each.value}.o"]
}

program "demo" {
  deps   = [":objects", ":libbrotli"]
  data   = ["src/report.c"]
  tools  = ["gcc"]
  outs   = ["demo"]
  script = "$TOOL_GCC -o $OUT $DEPS -lm"
  argv   = concat(out, in.data)
}

test "round_trip" {
  tools  = [":demo"]
  data   = ["src/main.c"]
  script = "$TOOL_DEMO $DATA"
}
