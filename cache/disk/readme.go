package disk

const readme = `This is the cache of cairn, a build tool. It may be deleted at any time when no
cairn runs: what is missing is built again.

  packs/       small files and records, many to a file, appended; .idx files say
               where in a pack something is and are made again when they are lost
  cas/plain    larger files by the SHA-256 of what is in them, read-only
  cas/exec     the same, executable: the mode belongs to the file, so there are two
  trees/       whole folders by the digest of their content, made of hard links to
               cas/; NAME.facts says that a folder is complete and unchanged
  envs/        what environments have of this machine: links, and where the
               interpreter is
  git/         a bare mirror of each repository that was fetched from
  adhoc/       the workspaces of runs without one (cairn run --git); those that
               nobody used for 30 days go
  quarantine/  what was found to be damaged, for people to look at
  tmp/         what is being written; renamed when it is whole
  locks        locked by byte range: who works on which key
  active/      one file for each process that holds such locks: what it is
  leases/      locked by running builds; what they use is not trimmed
  gate, trim   locked while something is removed

See what is in it:      cairn cache stats
Make it smaller:        cairn cache trim
Look for damage:        cairn cache verify

Do not change files in cas/ or trees/. Changes are noticed, and what was changed
is made again.
`
