#!/usr/bin/env bash
#
# Builds the service and serves it until Ctrl-C: with Spin if it is installed, otherwise with the stand-in
# in host/.
#
# up.sh [FOLDER [PATH]]
#
# FOLDER   the application to serve; by default, the service alone. Other components must be built
# PATH     the path of the page to open
# LISTEN   the address to listen on; by default, 127.0.0.1:3000
# SPIN_VARIABLE_*, also in .env: the settings

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly app=${1:-.}
readonly page=${2:-}
readonly listen=${LISTEN:-127.0.0.1:3000}
readonly url=http://$listen
readonly state_dir=.spin
readonly min_spin=4.1

fail() {
  echo "$*" >&2
  exit 1
}

# The secret key signs the tokens, so every installation needs its own.
ensure_secret_key() {
  if [[ -n ${SPIN_VARIABLE_SECRET_KEY:-} ]] || grep -qs '^SPIN_VARIABLE_SECRET_KEY=' .env; then
    return
  fi
  (
    umask 077
    echo "SPIN_VARIABLE_SECRET_KEY=$(head -c 48 /dev/urandom | base64 -w 0)" >>.env
  )
  echo "Generated a secret key in .env. Keep it: it signs the tokens."
}

# Links in mails must use the address that is served: another name for this machine would be another
# origin, with other sessions.
ensure_frontend_url() {
  if ! grep -qs '^SPIN_VARIABLE_FRONTEND_URL=' .env; then
    export SPIN_VARIABLE_FRONTEND_URL=${SPIN_VARIABLE_FRONTEND_URL:-$url}
  fi
}

has_spin() {
  local version
  command -v spin >/dev/null || return 1
  version=$(spin --version | sed -nE 's/^spin ([0-9]+\.[0-9]+).*/\1/p')
  [[ -n $version && $(printf '%s\n' "$min_spin" "$version" | sort -V | head -n 1) == "$min_spin" ]]
}

# Waits until the service is ready; fails if the server exits.
wait_until_ready() {
  local status
  # Another server may use the port; then ours prints an error and exits.
  while sleep 0.2 && kill -0 "$server" 2>/dev/null; do
    status=$(curl -s -o /dev/null -w '%{http_code}' "$url/health/ready" || true)
    case $status in
      200) return ;;
      503) fail "Gatehouse is not ready: the log above says which setting is wrong, or what is wrong with the database." ;;
    esac
  done
  wait "$server" || exit
  fail "The server exited before it was ready."
}

ensure_secret_key
ensure_frontend_url
if has_spin; then
  make --no-print-directory component
  server_name=$(spin --version)
  # Instances live longer than by default, which makes slow first requests rare: docs/operating.md.
  spin up --from "$app/spin.toml" --listen "$listen" --state-dir "$state_dir" \
    --max-instance-reuse-count 100000 --idle-instance-timeout 60s &
else
  # Both at once: the last part of each uses one core only.
  make --no-print-directory --jobs component host
  server_name="gatehouse-host, the stand-in for Spin in this repository"
  target/native/gatehouse-host --from "$app/spin.toml" --listen "$listen" --state-dir "$state_dir" &
fi
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server"' EXIT
trap 'exit 0' INT TERM

wait_until_ready
cat <<END

Gatehouse listens on $url
  served by  $server_name
  data in    $state_dir/sqlite_db.db

Open $url${page:-/auth/register} in a browser.

Try:
  curl $url/health/ready
  curl $url/api/v1/auth/login -d username=tom@example.com -d 'password=correct horse 1'

To register from a terminal, solve the captcha with a script: docs/captchas.md shows one.
To try it without a captcha, start with SPIN_VARIABLE_CAPTCHA_PROVIDER=off.

Press Ctrl-C to stop.
END
wait "$server"
