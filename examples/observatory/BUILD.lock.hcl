# What declared sources were resolved to. Written by cairn; `cairn lock` moves entries.

lock "git_source" "//:library" {
  commit   = "8a9753e6ec8d822488985362ab5f6712223db5c7"
  describe = ""
  ref      = "refs/heads/main"
  tree     = "c3b4cff25ad146b2d76a8786a06b7d10c77ddc59"
  url      = "workspace:dishlib.bundle"
}

lock "git_source" "//:pinned" {
  commit   = "d4b24bb8c4f3e6bba8041da1461a553ee653a03e"
  describe = ""
  ref      = "d4b24bb8c4f3e6bba8041da1461a553ee653a03e"
  tree     = "9ec155198b408e433c9da8eb717ef69f3b64c78e"
  url      = "workspace:dishlib.bundle"
}

lock "git_source" "//:released" {
  commit   = "d4b24bb8c4f3e6bba8041da1461a553ee653a03e"
  describe = ""
  ref      = "refs/tags/v1.0.0"
  tree     = "9ec155198b408e433c9da8eb717ef69f3b64c78e"
  url      = "workspace:dishlib.bundle"
}

lock "git_source" "//:scans" {
  commit   = "8f52c281219f79a5a6de9880cd57174ecb4ac651"
  describe = "v0.3.0-1-g8f52c281219f"
  ref      = "refs/heads/main"
  tree     = "a805fcc2967a63a1d369923348ff8abf26849d17"
  url      = "workspace:skyscan.bundle"
}
