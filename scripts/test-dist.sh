#!/usr/bin/env bash
# Checks dist/ as its receiver would use it: copies it elsewhere, compares the checksums, serves each manifest
# until /health/ready returns 200, and adds each build to another application with the template.
#
# SERVER  the host to serve with; by default, the one in this repository. `spin up` works, too

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly server=${SERVER:-$PWD/target/native/gatehouse-host}
readonly echo=$PWD/target/wasm32-wasip2/release/gatehouse_echo.wasm
readonly add=$PWD/target/native/gatehouse-spin-add
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

# status PATH [CURL OPTIONS]: the status of a response, and where it redirects to.
status() {
  curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "${@:2}" "http://$listen$1" || true
}

# serve MANIFEST: serves it, and waits until it answers.
serve() {
  # shellcheck disable=SC2086 # SERVER may have arguments
  $server --from "$1" --listen "$listen" --state-dir "$scratch/state" >"$scratch/log" 2>&1 &
  process=$!
  for _ in {1..300}; do
    kill -0 "$process" 2>/dev/null || fail "$1 does not load"
    [[ $(status /) == 000* ]] || return 0
    sleep 0.2
  done
  fail "$1 does not answer"
}

# expect PATH STATUS [CURL OPTIONS]
expect() {
  local got
  got=$(status "$1" "${@:3}")
  [[ $got == "$2" ]] || fail "$1 returns $got instead of $2"
}

# is_ready MANIFEST
is_ready() {
  serve "$1"
  expect /health/ready "200 "
  stop
  echo "test-dist: $1 is ready"
}

# application FOLDER ROUTE: one with a component `app`, as after `spin new`.
application() {
  mkdir "$1"
  cp "$echo" "$1/app.wasm"
  cat >"$1/spin.toml" <<END
spin_manifest_version = 2

[application]
name = "app"

[[trigger.http]]
route = $2
component = "app"

[component.app]
source = "app.wasm"
allowed_outbound_hosts = []
END
}

# is_guarded APPLICATION
is_guarded() {
  serve "$1"
  local login="http://$listen/auth/continue?return_to=%2Fapp%2Fpage"
  expect /auth/login "200 "
  expect /account "200 "
  expect /api/v1/captcha/challenge "200 "
  expect /app/page "401 "
  expect /app/page "303 $login" -H 'accept: text/html'
  expect /app/page "401 " -H 'authorization: Bearer forged'
  stop
  echo "test-dist: the template guards $1"
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

template=spin/templates/gatehouse
export SPIN_VARIABLE_GATEHOUSE_SECRET_KEY=$SPIN_VARIABLE_SECRET_KEY
application middleware '"/..."'
"$add" "$template" middleware accounts app-name=Example
sed -i -e 's|^component = "app"|&\ndependencies.middleware = [{ component = "gatehouse-guard", inherit_configuration = ["allowed_outbound_hosts", "variables"] }]|' \
  -e 's|^allowed_outbound_hosts = \[\]|allowed_outbound_hosts = ["http://gatehouse.spin.internal"]|' middleware/spin.toml
is_guarded middleware
application gateway '{ private = true }'
"$add" "$template" gateway accounts app-name=Example build=wasi2
sed -i 's|^gatehouse_guard_upstream = .*|gatehouse_guard_upstream = { default = "http://app.spin.internal" }|' gateway/spin.toml
printf '[[trigger.http]]\nroute = "/..."\ncomponent = "gatehouse-guard"\n' >>gateway/spin.toml
is_guarded gateway
