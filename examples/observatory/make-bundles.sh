#!/bin/sh
# Makes dishlib.bundle and skyscan.bundle from the folders dishlib and skyscan. Authors and dates are fixed, so the commits are the
# same wherever and whenever it runs.
#
# dishlib has v1.0.0, main, and a branch for each patch of edits. skyscan has v0.3.0, main, which is a commit further, and v0.4.0,
# which has main's files.
set -eu
cd "$(dirname "$0")"
here=$PWD
to=${1:-$here}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Observatory GIT_AUTHOR_EMAIL=observatory@example.org
export GIT_COMMITTER_NAME=Observatory GIT_COMMITTER_EMAIL=observatory@example.org
begin() {
  cp -R "$1" "$work"
  cd "$work/$1"
  find . \( -name '*.py[co]' -o -name '*.egg-info' \) -prune -exec rm -rf {} +
  git init -q -b main .
  git config core.autocrlf false
  git config core.fileMode false
}
commit() {
  export GIT_AUTHOR_DATE="$1 +0000" GIT_COMMITTER_DATE="$1 +0000"
  git add -A
  git commit -q --allow-empty -m "$2"
}

begin dishlib
mkdir "$work/later"
mv scripts/track.py "$work/later"
sed 's/^version = "1.1.0"/version = "1.0.0"/' pyproject.toml >"$work/pyproject.toml"
mv pyproject.toml "$work/later" && mv "$work/pyproject.toml" .
commit 1774130400 'A library, scripts and a lock'
git tag v1.0.0
mv "$work/later/track.py" scripts
mv "$work/later/pyproject.toml" .
commit 1774216800 'Tracking'
for edit in "$here"/edits/*.patch; do
  git checkout -q -b "$(basename "$edit" .patch)" main
  git apply "$edit"
  commit 1774303200 "$(head -n 1 "$edit")"
done
git checkout -q main
git bundle create -q "$to/dishlib.bundle" HEAD --branches --tags

cd "$here"
begin skyscan
mv scripts "$work/scripts"
commit 1774130400 'Patterns'
git tag v0.3.0
mv "$work/scripts" scripts
commit 1774216800 'A script'
git checkout -q -b release
commit 1774303200 'Release'
git tag v0.4.0
git checkout -q main
git branch -q -D release
git bundle create -q "$to/skyscan.bundle" HEAD --branches --tags
