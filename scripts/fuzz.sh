#!/usr/bin/env bash
# Fuzzes every route of the build of `make build`: Schemathesis generates requests from the OpenAPI
# description and checks the responses, while the host is monitored.
#
# FUZZ_SECONDS  the duration; by default, 60
# FUZZ_SEED     the random seed, or `random` for a different one each time; by default, 1
# FUZZ_WORKERS  the number of concurrent requests; by default, 1
# The host's log, its database and the fuzzer's report are left in target/fuzz.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly tests=tests/fuzz
readonly python=target/fuzz-python
readonly results=$PWD/target/fuzz

fail() {
  echo "fuzz: $*" >&2
  exit 1
}

# Installs Schemathesis in a virtual environment.
ensure_python() {
  [[ $tests/requirements.txt -nt $python/installed ]] || return 0
  command -v python3 >/dev/null || fail "the fuzzer needs Python 3.11 or newer: install it."
  rm -rf "$python"
  python3 -m venv "$python" || fail "Python cannot create a virtual environment: install python3-venv."
  "$python/bin/pip" install --quiet --disable-pip-version-check \
    --requirement $tests/requirements.txt
  touch "$python/installed"
}

ensure_python
seconds=${FUZZ_SECONDS:-60}
seed=${FUZZ_SEED:-1}
workers=${FUZZ_WORKERS:-1}
if [[ $seed == random ]]; then seed=$((RANDOM * 32768 + RANDOM)); fi
echo "fuzz: $seconds s, FUZZ_SEED=$seed FUZZ_WORKERS=$workers"

rm -rf "$results"
mkdir -p "$results"
export PYTHONDONTWRITEBYTECODE=1 # leave nothing next to the sources
"$python/bin/python" $tests/run.py \
  --seconds "$seconds" --seed "$seed" --workers "$workers" "$results"
