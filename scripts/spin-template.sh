#!/usr/bin/env bash
# Writes the template of `spin add` to dist/spin, from deploy/spin-template, spin.toml and the components in
# dist/. In the application, each of Gatehouse's variables has the prefix `gatehouse_`.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly template=dist/spin/templates/gatehouse
readonly source=deploy/spin-template
readonly prefixed='s/\{\{ ([a-z0-9_]+) \}\}/{{ gatehouse_\1 }}/g'

# section NAME: the lines of a section of spin.toml, without comments and the empty lines at its ends.
section() {
  awk -v head="[$1]" '$0 == head { inside = 1; next } /^\[/ { inside = 0 } inside && !/^#/ && NF' spin.toml
}

variables() {
  section variables | sed -E 's/^/gatehouse_/
    s/^(gatehouse_emails_from_name = \{ default = )"[^"]*"/\1"{{ app-name }}"/'
}

# Spin's own braces would otherwise be Liquid's. The template chooses the source itself.
component() {
  echo '{% raw -%}'
  section component.gatehouse | grep -v '^source = ' | sed -E "$prefixed"
  printf '\n[component.gatehouse.variables]\n'
  section component.gatehouse.variables | sed -E "$prefixed"
  echo '{%- endraw %}'
}

# snippet NAME: fills in the line `@NAME@`.
snippet() {
  "$1" | sed -e "/^@$1@\$/{r /dev/stdin" -e 'd}' "$source/snippets/$1.txt" >"$template/metadata/snippets/$1.txt"
}

mkdir -p "$template/metadata/snippets" "$template/content"
cp "$source/spin-template.toml" "$template/metadata/"
cp "$source/content/"* "$template/content/"
cp dist/gatehouse.wasm dist/gatehouse-wasi2.wasm dist/gatehouse-guard.wasm \
  dist/gatehouse-guard-gateway-wasi2.wasm "$template/content/"
snippet variables
snippet component
