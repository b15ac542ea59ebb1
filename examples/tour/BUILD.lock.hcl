# What declared sources were resolved to. Written by cairn; `cairn lock` moves entries.

lock "git_source" "//:repository" {
  commit = "dee58a84a4c3abeb92982e99c8737368804381de"
  ref    = "refs/heads/main"
  tree   = "47ad5d9596285b857af6ffc091795a3deee56dd3"
  url    = "workspace:observatory.bundle"
}
