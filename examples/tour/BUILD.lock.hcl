# What declared sources were resolved to. Written by cairn; `cairn lock` moves entries.

lock "git_source" "//:repository" {
  commit   = "817ee23582f2ad953b6e42bd53908dd95b91056c"
  describe = ""
  ref      = "refs/heads/main"
  tree     = "22464ef028266922e5bd5381d0b1b1c9aef6fba6"
  url      = "workspace:observatory.bundle"
}
