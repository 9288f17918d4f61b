#!/usr/bin/env bash
# Runs the browser tests against the build of `make build`. Installs their dependencies first: packages
# from npm and PyPI and, on Debian, Chromium.
#
# CHROMIUM  the browser's executable; by default, the first of the usual names on the PATH
# Arguments: the test files to run; by default, all. Screenshots are left in target/browser-screenshots.

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

# newer FILE MARK: whether FILE is newer than MARK, or MARK does not exist.
newer() { [[ ! -e $2 || $1 -nt $2 ]]; }

ensure_node() {
  local version
  have node && have npm || fail "the tests need Node.js $min_node or newer and npm: install them."
  version=$(node --print 'process.versions.node.split(".")[0]')
  ((version >= min_node)) || fail "the tests need Node.js $min_node or newer, and this is $version."
}

ensure_packages() {
  newer $tests/package-lock.json $tests/node_modules/.package-lock.json || return 0
  npm ci --prefix $tests
}

# Installs the official Python captcha solver in a virtual environment.
ensure_python() {
  newer $tests/requirements.txt $python/installed || return 0
  have python3 || fail "an official captcha solver needs Python 3: install it."
  rm -rf "$python"
  python3 -m venv "$python" || fail "Python cannot create a virtual environment: install python3-venv."
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
  CHROMIUM=$(find_chromium) || fail "there is no Chromium: install it, or set CHROMIUM."
}

ensure_node
ensure_packages
ensure_python
ensure_chromium
export CHROMIUM

rm -rf "$screenshots"
if (($# == 0)); then set -- $tests/*.test.js; fi
# Two files at a time, because each keeps a browser and a host busy.
node --test --test-concurrency=2 "$@"
echo "Screenshots are in $screenshots."
