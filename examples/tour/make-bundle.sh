#!/bin/sh
# Makes observatory.bundle from the folder repository: `main`, and a branch for each file of edits, which is a patch. Authors and
# dates are fixed, so the commits are the same wherever and whenever it runs.
set -eu
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Observatory GIT_AUTHOR_EMAIL=observatory@example.org
export GIT_COMMITTER_NAME=Observatory GIT_COMMITTER_EMAIL=observatory@example.org
commit() {
  export GIT_AUTHOR_DATE="$1 +0000" GIT_COMMITTER_DATE="$1 +0000"
  git add -A
  git commit -q -m "$2"
}

cp -R repository "$work"
cd "$work/repository"
find . -name '*.py[co]' -delete
git init -q -b main .
git config core.autocrlf false
git config core.fileMode false
commit 1774130400 'A library, a script and a lock'
for edit in "$here"/edits/*.patch; do
  name=$(basename "$edit" .patch)
  git checkout -q -b "$name" main
  git apply "$edit"
  commit 1774216800 "$(head -n 1 "$edit")"
done
git checkout -q main
git bundle create -q "${1:-$here/observatory.bundle}" HEAD --branches
