# cairn builds and tests itself: `cairn build //...`, `cairn test //...`.

workspace "cairn" {
  requires = ">= 0.1"
}

locals {
  module  = ["go.mod", "go.sum"]
  sources = glob(["cmd/**/*", "graph/**/*", "rules/**/*", "cache/**/*"])
}

go_modules "modules" { srcs = local.module }

go_binary "cairn" {
  description = "The cairn binary, static and without a C compiler."
  srcs        = concat(local.module, [for f in local.sources : f if !endswith(f, "_test.go")])
  modules     = ":modules"
  main        = "./cmd/cairn"
}

go_test "tests" {
  description = "The tests of the packages that decide: they start no server and need no compiler."
  srcs        = concat(local.module, local.sources, glob(["testdata/**/*"]))
  modules     = ":modules"
  packages    = ["./graph/label", "./graph/diag", "./graph/schedule", "./graph/analysis", "./graph/action", "./graph/query", "./cache/digest", "./cache/reapi"]
  timeout     = "15m"
}
