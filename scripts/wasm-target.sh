#!/usr/bin/env bash
# Makes a WebAssembly target of Rust usable for the active toolchain: by default wasm32-wasip2, which
# the component is built for. Does nothing, in silence, when it is already. rustup adds it; where
# rustup's server cannot be reached, as behind some company networks, std is built from Debian's
# rust-src, in the very version of the toolchain, and, for a target with WASI, wasi-libc. That takes a
# minute or two, needs the crate registry but no root, and changes nothing outside the toolchain.
#
# wasm-target.sh [wasm32-wasip2 | wasm32-unknown-unknown]
#
# DEBIAN_MIRROR  the mirror to take the packages from; by default that of the system's own apt

set -euo pipefail

readonly target=${1:-wasm32-wasip2}
case $target in
  wasm32-wasip2) libc=wasi-libc ;;
  wasm32-unknown-unknown) libc= ;;
  *) echo "wasm-target: $target is none of wasm32-wasip2 and wasm32-unknown-unknown" >&2 && exit 1 ;;
esac
readonly libc
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
timeout=$(command -v timeout || true) # not on macOS
tried=
mirror=
export RUST_BACKTRACE=0 # it would hide rustup's message at the end of the log

have() { command -v "$1" >/dev/null; }
logged() { "$@" >"$scratch/log" 2>&1; }

# Notes why a way failed, with the end of what its last command printed.
failed() {
  tried+=$'\n'"  - $*$(echo && tail -n 4 "$scratch/log" | sed 's/^/      /')"
  : >"$scratch/log"
  return 1
}

# Files alone prove little: a toolchain's update leaves a std behind that the new compiler
# refuses, an interrupted install may lack any file. So the compiler loads std, too.
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
    failed "rustup: missing, or not what manages the toolchain in $sysroot" || return
  # rustup takes the remains of a broken install for a whole one, or refuses to replace them.
  logged rustup target remove "$target" || true
  rm -rf "${rustlib:?}/$target"
  # It would try an unreachable server for minutes. In the foreground, so that ^C reaches it.
  { logged ${timeout:+"$timeout" --foreground 60} rustup target add "$target" && works; } ||
    failed "rustup target add $target:"
}

with_debian() {
  { have apt-get && have dpkg-deb && have cc && [[ -r $keyring && -w $rustlib ]]; } ||
    failed "Debian's sources: they take apt-get, dpkg-deb, cc, $keyring," \
      "and the right to write to $rustlib" || return
  echo "wasm-target: building std for $target from Debian's sources, a minute or two ..." >&2
  find_packages || failed "Debian's sources: no rust-src $version${libc:+ with $libc} at $mirror:" || return
  { unpack && build && install_std && works; } ||
    failed "Debian's sources, rust-src $rust_src${libc:+ and $libc $libc_version}:"
}

# With an apt of our own, that keeps only the system's settings on how to reach a mirror. What
# counts is the version, not the age of the list: so mirrors that keep old days will do.
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
  for suite in trixie-backports sid forky experimental; do # the first, a small one, usually does
    echo "deb [signed-by=$keyring] $mirror $suite main" >>"$apt/etc/apt/sources.list"
    logged apt-get update || true
    rust_src=$(newest rust-src "${version}[+-]") libc_version=${libc:+$(newest "$libc" .)}
    if [[ $rust_src && ( ! $libc || $libc_version ) ]]; then return; fi
  done
  apt-cache madison rust-src >>"$scratch/log" && return 1
}

# newest PACKAGE PATTERN: the newest version listed that starts with the pattern.
newest() { apt-cache madison "$1" | awk -F' *[|] *' -v want="^$2" '$2 ~ want && !n++ { print $2 }'; }

unpack() (
  cd "$scratch"
  logged apt-get download "rust-src=$rust_src" ${libc:+"$libc=$libc_version"} &&
    dpkg-deb --fsys-tarfile rust-src_*.deb | logged tar -x "./usr/src/rustc-$version/library" || exit
  if [[ $libc ]]; then
    logged dpkg-deb -x "$libc"_*.deb . && logged ls "usr/lib/$target/crt1-command.o"
  fi
)

# As Rust's own build does it, with plain cargo. The caller's settings must not leak in, nor the
# names of local folders out, into the panic messages of every program.
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

# Complete beside its place, then renamed: an interrupted run leaves nothing that looks whole.
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

cd "$(dirname "${BASH_SOURCE[0]}")/.." # whose toolchain is meant
sysroot=$(rustc --print sysroot) # where there is no rustc, bash says so
rustlib=$sysroot/lib/rustlib
if works; then exit; fi

scratch=$(mktemp -d) && : >"$scratch/log"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
if have flock; then exec 9<"$rustlib" && flock 9; fi # a second run waits for the first one's work
version=$(rustc --version | cut -d' ' -f2)
if works || with_rustup || with_debian; then exit; fi

cat >&2 <<END
wasm-target: rustc $version cannot build for $target. Tried:$tried
What to do: run 'rustup target add $target' with a connection to rustup's download server. Or run
this script on Debian or Ubuntu (packages debian-archive-keyring, gcc) with a connection to the crate
registry and to a Debian mirror, named by DEBIAN_MIRROR, that has rust-src $version.
END
exit 1
