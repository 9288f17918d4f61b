#!/usr/bin/env bash
# Installs a WebAssembly target for the active Rust toolchain: by default wasm32-wasip2, the target of the
# component. Does nothing, silently, if the target already works. Uses rustup if possible. If rustup's
# server cannot be reached, as in some company networks, builds std from Debian's rust-src of exactly the
# toolchain's version and, for WASI, installs wasi-libc. That takes a minute or two, needs the crate
# registry but no root, and changes nothing outside the toolchain.
#
# wasm-target.sh [wasm32-wasip2 | wasm32-unknown-unknown]
#
# DEBIAN_MIRROR  the mirror to download the packages from; by default, that of the system's apt

set -euo pipefail

readonly target=${1:-wasm32-wasip2}
case $target in
  wasm32-wasip2) libc=wasi-libc ;;
  wasm32-unknown-unknown) libc= ;;
  *) echo "wasm-target: $target is neither wasm32-wasip2 nor wasm32-unknown-unknown" >&2 && exit 1 ;;
esac
readonly libc
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
timeout=$(command -v timeout || true) # not on macOS
tried=
mirror=
export RUST_BACKTRACE=0 # a backtrace would hide rustup's message at the end of the log

have() { command -v "$1" >/dev/null; }
logged() { "$@" >"$scratch/log" 2>&1; }

# Records why a method failed, with the last lines of its output.
failed() {
  tried+=$'\n'"  - $*$(echo && tail -n 4 "$scratch/log" | sed 's/^/      /')"
  : >"$scratch/log"
  return 1
}

# Checking for files is not enough: after a toolchain update, the new compiler rejects the old std, and an
# interrupted installation may lack any file. So this also lets the compiler load std.
works() {
  local lib=$rustlib/$target/lib file
  local files=("$lib"/libstd-*.rlib)
  if [[ $libc ]]; then files+=("$lib"/self-contained/{crt1-command.o,crt1-reactor.o,libc.a}); fi
  for file in "${files[@]}"; do
    [[ -s $file ]] || return 1
  done
  rustc --crate-type=lib --target="$target" --emit=dep-info=- - </dev/null >/dev/null 2>&1
}

with_rustup() {
  [[ $(rustup which rustc 2>/dev/null) -ef $sysroot/bin/rustc ]] ||
    failed "rustup: not installed, or not managing the toolchain in $sysroot" || return
  # rustup treats the remains of a broken installation as complete, or refuses to replace them.
  logged rustup target remove "$target" || true
  rm -rf "${rustlib:?}/$target"
  # rustup would retry an unreachable server for minutes. In the foreground, so that ^C reaches it.
  { logged ${timeout:+"$timeout" --foreground 60} rustup target add "$target" && works; } ||
    failed "rustup target add $target:"
}

with_debian() {
  { have apt-get && have dpkg-deb && have cc && [[ -r $keyring && -w $rustlib ]]; } ||
    failed "Debian's sources: they need apt-get, dpkg-deb, cc, $keyring," \
      "and the right to write to $rustlib" || return
  echo "wasm-target: building std for $target from Debian's sources, a minute or two ..." >&2
  find_packages || failed "Debian's sources: no rust-src $version${libc:+ with $libc} at $mirror:" || return
  { unpack && build && install_std && works; } ||
    failed "Debian's sources, rust-src $rust_src${libc:+ and $libc $libc_version}:"
}

# Uses a separate apt configuration that only keeps the system's network settings. The version matters,
# not the age of the package list, so snapshot mirrors are fine.
find_packages() {
  local apt=$scratch/apt suite
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)}
  mkdir -p "$apt"/etc/apt/{apt.conf,preferences,sources.list,trusted.gpg}.d \
    "$apt"/var/{lib/apt/lists,cache/apt/archives}/partial
  apt-config dump | grep -iE '^Acquire::(https?|Check|ForceIP)' >"$apt/conf" || true
  cat >>"$apt/conf" <<END
Dir "$apt"; Dir::State::status "/dev/null"; APT::Sandbox::User "root"; Acquire::Languages "none";
Acquire::Retries "1"; Acquire::http::Timeout "15"; Acquire::https::Timeout "15";
Acquire::Check-Valid-Until "false";
END
  export APT_CONFIG=$apt/conf
  for suite in trixie-backports sid forky experimental; do # the first, which is small, usually suffices
    echo "deb [signed-by=$keyring] $mirror $suite main" >>"$apt/etc/apt/sources.list"
    logged apt-get update || true
    rust_src=$(newest rust-src "${version}[+-]") libc_version=${libc:+$(newest "$libc" .)}
    if [[ $rust_src && ( ! $libc || $libc_version ) ]]; then return; fi
  done
  apt-cache madison rust-src >>"$scratch/log" && return 1
}

# newest PACKAGE PATTERN: the newest available version that starts with PATTERN.
newest() { apt-cache madison "$1" | awk -F' *[|] *' -v want="^$2" '$2 ~ want && !n++ { print $2 }'; }

unpack() (
  cd "$scratch"
  logged apt-get download "rust-src=$rust_src" ${libc:+"$libc=$libc_version"} &&
    dpkg-deb --fsys-tarfile rust-src_*.deb | logged tar -x "./usr/src/rustc-$version/library" || exit
  if [[ $libc ]]; then
    logged dpkg-deb -x "$libc"_*.deb . && logged ls "usr/lib/$target/crt1-command.o"
  fi
)

# Builds std like Rust's own build, with plain cargo. Ignores the caller's settings, and keeps local paths
# out of the panic messages of every program.
build() (
  source=$scratch/usr/src/rustc-$version
  commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
  flags=(-Cembed-bitcode=yes -Zforce-unstable-if-unmarked ${libc:+"-Lnative=$scratch/usr/lib/$target"}
    "--remap-path-prefix=$source=/rustc/$commit"
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/rust/deps")
  IFS=$'\x1f'
  export CARGO_ENCODED_RUSTFLAGS="${flags[*]}" CARGO_PROFILE_RELEASE_DEBUG=0 RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_DIR=$scratch/target CARGO_BUILD_BUILD_DIR=$scratch/target RUSTC=$sysroot/bin/rustc \
    RUSTC_WRAPPER='' RUSTC_WORKSPACE_WRAPPER='' __CARGO_DEFAULT_LIB_METADATA=stablestd
  cd "$source/library"
  logged "$sysroot/bin/cargo" build -p sysroot --release --target "$target" \
    --features "panic-unwind backtrace"
)

# Installs next to the final place and then renames, so that an interrupted run leaves nothing that looks
# complete.
install_std() {
  local new=$rustlib/.$target.new
  rm -rf "$new" && logged mkdir -p "$new/lib" &&
    logged cp "$scratch/target/$target"/release/deps/*.rlib "$new/lib" || return
  if [[ $libc ]]; then
    logged mkdir "$new/lib/self-contained" &&
      logged cp "$scratch/usr/lib/$target"/{crt1-*.o,lib*.a} "$new/lib/self-contained" || return
  fi
  rm -rf "${rustlib:?}/$target" && logged mv -T "$new" "$rustlib/$target"
}

cd "$(dirname "${BASH_SOURCE[0]}")/.." # selects the repository's toolchain
sysroot=$(rustc --print sysroot) # without rustc, bash prints an error
rustlib=$sysroot/lib/rustlib
if works; then exit; fi

scratch=$(mktemp -d) && : >"$scratch/log"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
if have flock; then exec 9<"$rustlib" && flock 9; fi # a concurrent run waits for the first one
version=$(rustc --version | cut -d' ' -f2)
if works || with_rustup || with_debian; then exit; fi

cat >&2 <<END
wasm-target: rustc $version cannot build for $target. Tried:$tried
Run 'rustup target add $target' with access to rustup's download server, or run
this script on Debian or Ubuntu (packages debian-archive-keyring, gcc) with access to the crate
registry and to a Debian mirror (set DEBIAN_MIRROR) that has rust-src $version.
END
exit 1
