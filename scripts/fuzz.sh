#!/usr/bin/env bash
# Fuzzes every route of what `make build` built: Schemathesis makes requests of the API's own
# description and judges the answers, while the host is watched.
#
# FUZZ_SECONDS  for how long; by default a minute
# FUZZ_SEED     what is drawn: the same number draws the same, `random` is another each time; by
#               default 1
# FUZZ_WORKERS  how many requests at once; by default one
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

# In an environment of its own.
ensure_python() {
  [[ $tests/requirements.txt -nt $python/installed ]] || return 0
  command -v python3 >/dev/null || fail "the fuzzer runs in Python 3.11 or newer: install it."
  rm -rf "$python"
  python3 -m venv "$python" || fail "Python cannot make an environment: install python3-venv."
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
export PYTHONDONTWRITEBYTECODE=1 # nothing is left beside the sources
"$python/bin/python" $tests/run.py \
  --seconds "$seconds" --seed "$seed" --workers "$workers" "$results"
