#!/usr/bin/env bash
# Checks dist/ as somebody who received it would use it: copies it elsewhere, compares the checksums, and
# serves each manifest until /health/ready returns 200.
#
# SERVER  the host to serve with; by default, the one in this repository. `spin up` works, too

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly server=${SERVER:-$PWD/target/native/gatehouse-host}
readonly listen=${LISTEN:-127.0.0.1:3999}
scratch=$(mktemp -d)
process=

stop() {
  if [[ $process ]]; then
    kill "$process" 2>/dev/null || true
    wait "$process" || true
    process=
  fi
}

fail() {
  [[ ! -e $scratch/log ]] || cat "$scratch/log" >&2
  echo "test-dist: $*" >&2
  exit 1
}

# is_ready MANIFEST: serves it, and waits for a request to succeed.
is_ready() {
  local status
  # shellcheck disable=SC2086 # SERVER may have arguments
  $server --from "$1" --listen "$listen" --state-dir "$scratch/state" >"$scratch/log" 2>&1 &
  process=$!
  for _ in {1..300}; do
    kill -0 "$process" 2>/dev/null || fail "$1 does not load"
    status=$(curl -s -o /dev/null -w '%{http_code}' "http://$listen/health/ready" || true)
    case $status in
      200) echo "test-dist: $1 is ready" && stop && return ;;
      000) sleep 0.2 ;;
      *) fail "/health/ready of $1 returns $status" ;;
    esac
  done
  fail "$1 does not answer"
}

trap 'stop; rm -rf "$scratch"' EXIT
cp -r dist "$scratch/dist"
cd "$scratch/dist"
export SPIN_VARIABLE_SECRET_KEY=only-for-this-test-of-the-dist-folder
sha256sum --check --quiet SHA256SUMS
for build in gatehouse:spin-sdk gatehouse-wasi2:wstd gatehouse-guard:spin-sdk \
  gatehouse-guard-gateway:spin-sdk gatehouse-guard-gateway-wasi2:wstd; do
  [[ -s ${build%:*}.wasm ]] || fail "${build%:*}.wasm is missing"
  # Each SBOM lists the crate that only this build has, so none describes another build.
  grep -q "\"name\": \"${build#*:}\"" "${build%:*}.cdx.json" || fail "${build%:*} has another SBOM"
done
is_ready spin.toml
is_ready spin.wasi2.toml
