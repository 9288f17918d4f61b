#!/usr/bin/env bash
# Builds the example's component in Python, target/guarded/profile.wasm. Installs componentize-py, its
# compiler, from PyPI into a virtual environment. Does nothing if the component is newer than its sources.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly source=examples/guarded/profile
readonly interfaces=wit/wasi2 # the WIT of WASI 0.2
readonly python=target/componentize-python
readonly component=target/guarded/profile.wasm

fail() {
  echo "python-component: $*" >&2
  exit 1
}

# newer_than MARK FILE...: whether one of the files is newer than MARK, or MARK does not exist.
newer_than() {
  local mark=$1 file
  for file in "${@:2}"; do
    if [[ ! -e $mark || $file -nt $mark ]]; then return; fi
  done
  return 1
}

ensure_componentize() {
  newer_than "$python/installed" $source/requirements.txt || return 0
  command -v python3 >/dev/null || fail "the component needs Python 3.10 or newer: install it."
  rm -rf "$python"
  python3 -m venv "$python" || fail "Python cannot create a virtual environment: install python3-venv."
  "$python/bin/pip" install --quiet --disable-pip-version-check --requirement $source/requirements.txt
  touch "$python/installed"
}

ensure_componentize
newer_than "$component" $source/* "$python/installed" || exit 0
mkdir -p "$(dirname "$component")"
# Without the switch, Python leaves compiled files next to the sources.
PYTHONDONTWRITEBYTECODE=1 "$python/bin/componentize-py" --quiet --wit-path $interfaces --wit-path $source \
  --world examples:profile/profile componentize --python-path $source app --output "$component"
