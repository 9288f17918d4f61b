#!/usr/bin/env bash
# Writes what a deployment needs to dist/: the components of `make build`, a manifest for each build of the
# service that runs from there, a software bill of materials (SBOM) of each component in CycloneDX, and the
# checksums of all of them; in dist/spin, the template of `spin add`.
# Installs cargo-cyclonedx into target/tools if it is missing.
#
# SOURCE_DATE_EPOCH  the time in the SBOMs; by default, that of the last commit

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly dist=dist
readonly built=target/wasm32-wasip2
readonly tools=$PWD/target/tools
readonly cyclonedx_version=0.5.9
readonly scratch=gatehouse-dist-sbom # cargo-cyclonedx writes a file of this name for each workspace member

fail() {
  echo "dist: $*" >&2
  exit 1
}

ensure_cyclonedx() {
  local version
  version=$("$tools/bin/cargo-cyclonedx" cyclonedx --version 2>/dev/null | sed 's/.* //') || true
  [[ $version == "$cyclonedx_version" ]] && return
  echo "dist: installing cargo-cyclonedx $cyclonedx_version ..." >&2
  # Unoptimized: it runs for a second.
  CARGO_TARGET_DIR=$tools/cyclonedx-build cargo install --quiet --debug --locked --force \
    --root "$tools" "cargo-cyclonedx@$cyclonedx_version"
  rm -rf "$tools/cyclonedx-build"
}

# manifest NAME BUILT SHIPPED: the manifest with the shipped file as its source, and nothing to build.
# The section that builds comes last, with the profile for debugging.
manifest() {
  grep -q "^source = \"$2\"" "$1" || fail "$1 has no source $2"
  sed -e "s|^source = \"$2\"|source = \"$3\"|" \
    -e '/^\[component\.gatehouse\.build\]/,$d' "$1" >"$dist/$1"
}

# sbom PACKAGE FEATURE FILE: the crates of the package in this folder with this feature, for its target only.
sbom() {
  cargo cyclonedx --quiet --format json --spec-version 1.5 --target wasm32-wasip2 \
    --manifest-path "$1/Cargo.toml" --no-default-features --features "$2" --override-filename "$scratch"
  # The local path would differ on every machine.
  sed "s|path+file://$PWD[^#]*#|#|g" "$1/$scratch.json" >"$dist/$3"
  remove_scratch
}

# guard FEATURE PROFILE NAME: this build of the guard, and its SBOM.
guard() {
  cp "$built/$2/gatehouse_guard.wasm" "$dist/$3.wasm"
  sbom guard "$1" "$3.cdx.json"
}

remove_scratch() {
  find . -path ./target -prune -o -name "$scratch.json" -exec rm {} +
}

ensure_cyclonedx
export PATH=$tools/bin:$PATH
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
trap remove_scratch EXIT

rm -rf "$dist"
mkdir "$dist"
cp "$built/release/gatehouse.wasm" "$dist/gatehouse.wasm"
cp "$built/wasi2/gatehouse.wasm" "$dist/gatehouse-wasi2.wasm"
manifest spin.toml "$built/release/gatehouse.wasm" gatehouse.wasm
manifest spin.wasi2.toml "$built/wasi2/gatehouse.wasm" gatehouse-wasi2.wasm
sbom . wasi3 gatehouse.cdx.json
sbom . wasi2 gatehouse-wasi2.cdx.json
guard middleware release gatehouse-guard
guard wasi3 gateway gatehouse-guard-gateway
guard wasi2 wasi2 gatehouse-guard-gateway-wasi2
scripts/spin-template.sh
(cd "$dist" && sha256sum -- *.* >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
echo "Wrote $dist/:" && ls "$dist"
