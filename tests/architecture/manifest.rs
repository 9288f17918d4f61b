//! `spin.wasi2.toml`: what `spin.toml` says, for the build for WASI 0.2.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Follows the schema in the first line.
const ORIGIN: &str = "
# For Spin before 4.1: the same service, built for WASI 0.2. Generated from spin.toml by
# `make manifest`; do not edit.
";
/// What is built otherwise. Each text occurs in `spin.toml`.
const REPLACED: [(&str, &str); 2] = [
    (
        "target/wasm32-wasip2/release/gatehouse.wasm",
        "target/wasm32-wasip2/wasi2/gatehouse.wasm",
    ),
    (
        "cargo build --release --target wasm32-wasip2 --package gatehouse",
        "cargo build --profile wasi2 --target wasm32-wasip2 --package gatehouse \
         --no-default-features --features wasi2",
    ),
];
/// The beginning of the profile for debugging, which comes last. There is one, of the default build.
const DEBUG_PROFILE: &str = "\n# Builds in seconds";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn generated() -> String {
    let manifest = fs::read_to_string(path("spin.toml")).expect("a manifest");
    let (manifest, _) = manifest.split_once(DEBUG_PROFILE).expect("a debug profile");
    let replaced = REPLACED
        .iter()
        .fold(manifest.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "spin.toml has no `{from}`");
            text.replace(from, to)
        });
    let (schema, rest) = replaced.split_once('\n').expect("a schema");
    [schema, rest].join(ORIGIN)
}

/// Spin before 4.1 does not start with a host that is empty by default.
#[test]
fn no_allowed_host_is_empty_by_default() {
    let manifest: toml::Table = generated().parse().expect("TOML");
    let hosts = manifest["component"]["gatehouse"]["allowed_outbound_hosts"].as_array();
    for host in hosts.expect("a list") {
        let host = host.as_str().expect("a host");
        let variable = host.trim_matches(['{', '}', ' ']);
        let default = manifest["variables"][variable]["default"].as_str();
        let is_address = default.is_some_and(|default| default.starts_with("http"));
        assert!(is_address, "{host} is {default:?}");
    }
}

/// Compares the file with `spin.toml`, or writes it if `UPDATE_MANIFEST` is set.
#[test]
fn the_manifest_for_wasi_0_2_differs_in_its_build_alone() {
    let path = path("spin.wasi2.toml");
    if env::var_os("UPDATE_MANIFEST").is_some() {
        fs::write(&path, generated()).expect("a writable manifest");
    }
    let found = fs::read_to_string(&path).expect("a manifest");
    assert!(
        found == generated(),
        "spin.wasi2.toml is not what spin.toml says: run `make manifest`"
    );
}
