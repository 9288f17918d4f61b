#!/usr/bin/env bash
# Runs the tests in a real browser against what `make build` built, after fetching what they need:
# packages from npm and PyPI, and Chromium where there is none and this is Debian.
#
# CHROMIUM  the browser's executable; by default the first of the usual names on the PATH
# Arguments: the test files to run; by default all. Pictures of the pages are left in
# target/browser-screenshots.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly tests=tests/browser
readonly python=target/browser-python
readonly screenshots=target/browser-screenshots
readonly min_node=20

fail() {
  echo "browser: $*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null; }

# newer FILE MARK: whether the file was changed after the mark, or there is no mark.
newer() { [[ ! -e $2 || $1 -nt $2 ]]; }

ensure_node() {
  local version
  have node && have npm || fail "the tests run on Node.js $min_node or newer with npm: install it."
  version=$(node --print 'process.versions.node.split(".")[0]')
  ((version >= min_node)) || fail "Node.js is $version, and has to be $min_node or newer."
}

ensure_packages() {
  newer $tests/package-lock.json $tests/node_modules/.package-lock.json || return 0
  npm ci --prefix $tests
}

# The official captcha solver in Python, in an environment of its own.
ensure_python() {
  newer $tests/requirements.txt $python/installed || return 0
  have python3 || fail "one of the captcha's official solvers runs in Python 3: install it."
  rm -rf "$python"
  python3 -m venv "$python" || fail "Python cannot make an environment: install python3-venv."
  "$python/bin/pip" install --quiet --disable-pip-version-check --requirement $tests/requirements.txt
  touch "$python/installed"
}

find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [[ $name ]] && have "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

ensure_chromium() {
  if CHROMIUM=$(find_chromium); then return; fi
  if have apt-get && ((EUID == 0)); then
    echo "browser: installing Chromium ..." >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --option DPkg::Lock::Timeout=300 chromium >&2
  fi
  CHROMIUM=$(find_chromium) || fail "there is no Chromium: install it, or name it by CHROMIUM."
}

ensure_node
ensure_packages
ensure_python
ensure_chromium
export CHROMIUM

rm -rf "$screenshots"
if (($# == 0)); then set -- $tests/*.test.js; fi
# Two files at a time: each keeps a browser and a host busy.
node --test --test-concurrency=2 "$@"
echo "Pictures of the pages are in $screenshots."
