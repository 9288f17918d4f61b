#!/usr/bin/env bash
# Prints the path of the load generator wrk. If it is not on the PATH, unpacks Debian's packages into
# target/tools, which needs no root and does not change the system.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly tools=$PWD/target/tools
readonly packages=(wrk libluajit-5.1-2)

fail() {
  echo "wrk: $*" >&2
  exit 1
}

unpack() {
  local scratch=$tools/packages
  mkdir -p "$scratch"
  (cd "$scratch" && apt-get download "${packages[@]}") >&2 ||
    fail "wrk is not on the PATH, and Debian's package cannot be downloaded: install wrk 4"
  for package in "$scratch"/*.deb; do
    dpkg-deb -x "$package" "$tools/root"
  done
  cat >"$tools/wrk" <<'END'
#!/bin/sh
root=$(dirname "$0")/root
LD_LIBRARY_PATH=$(echo "$root"/usr/lib/*-linux-gnu) exec "$root/usr/bin/wrk" "$@"
END
  chmod +x "$tools/wrk"
}

if command -v wrk; then exit; fi
[[ -x $tools/wrk ]] || unpack
echo "$tools/wrk"
