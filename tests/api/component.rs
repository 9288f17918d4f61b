//! The built component: its imports, exports and size.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wasmparser::{Parser, Payload};

use crate::helpers::guard::{Wiring, wirings};
use crate::helpers::server::{component, in_repository, is_wasi2};

/// In bytes. Every host downloads, compiles and caches the component.
const MAX_SIZE: u64 = 3_500_000;

/// In bytes, of each build of the guard.
const MAX_SIZE_OF_GUARD: u64 = 600_000;

/// Interfaces with the types of those that the world lists, for each build.
const TYPES: [&str; 2] = ["wasi:clocks/types@0.3.0", "wasi:http/types@0.3.0"];
const TYPES_OF_WASI2: [&str; 1] = ["wasi:http/types@0.2.12"];

/// The imports of Rust's standard library for wasm32-wasip2, used or not. They contain neither files
/// nor sockets.
const STANDARD_LIBRARY: [&str; 17] = [
    "wasi:cli/environment@0.2.6",
    "wasi:cli/exit@0.2.6",
    "wasi:cli/stderr@0.2.6",
    "wasi:cli/stdin@0.2.6",
    "wasi:cli/stdout@0.2.6",
    "wasi:cli/terminal-input@0.2.6",
    "wasi:cli/terminal-output@0.2.6",
    "wasi:cli/terminal-stderr@0.2.6",
    "wasi:cli/terminal-stdin@0.2.6",
    "wasi:cli/terminal-stdout@0.2.6",
    "wasi:clocks/monotonic-clock@0.2.6",
    "wasi:clocks/wall-clock@0.2.6",
    "wasi:io/error@0.2.6",
    "wasi:io/poll@0.2.6",
    "wasi:io/streams@0.2.6",
    "wasi:random/insecure-seed@0.2.6",
    "wasi:random/random@0.2.6",
];

#[test]
fn it_imports_only_its_world_and_the_standard_library() {
    let (imports, _) = interfaces();
    let mut expected = world("import");
    if is_wasi2() {
        // All imports of WASI have the newest version that a library names.
        expected.extend(STANDARD_LIBRARY.map(|name| name.replace("@0.2.6", "@0.2.12")));
        expected.extend(TYPES_OF_WASI2.map(str::to_owned));
    } else {
        expected.extend(STANDARD_LIBRARY.map(str::to_owned));
        expected.extend(TYPES.map(str::to_owned));
    }
    assert_eq!(imports, expected);
}

#[test]
fn it_exports_its_world() {
    let (_, exports) = interfaces();
    let handler = if is_wasi2() {
        "wasi:http/incoming-handler@0.2.12"
    } else {
        "wasi:http/handler@0.3.0"
    };
    assert_eq!(exports, BTreeSet::from([handler.to_owned()]));
    assert_eq!(exports, world("export"));
}

#[test]
fn it_is_at_most_three_and_a_half_megabytes() {
    let metadata = fs::metadata(component()).expect("a readable component");
    let size = metadata.len();
    assert!(size <= MAX_SIZE, "{size} bytes");
}

#[test]
fn each_build_of_the_guard_is_small_and_imports_neither_files_nor_databases() {
    for wiring in wirings() {
        let path = wiring.guard();
        let size = fs::metadata(&path).expect("a readable component").len();
        assert!(size <= MAX_SIZE_OF_GUARD, "{wiring:?}: {size} bytes");
        let (imports, exports) = interfaces_of(&path);
        let is_of_spin = |name: &&String| !is_of_standard_library(name);
        let imports: Vec<_> = imports.iter().filter(is_of_spin).collect();
        let (expected, handler): (&[&str], _) = match wiring {
            Wiring::Middleware => (
                &[
                    "spin:variables/variables@3.0.0",
                    "wasi:http/client@0.3.0",
                    "wasi:http/handler@0.3.0",
                    "wasi:http/types@0.3.0",
                ],
                "wasi:http/handler@0.3.0",
            ),
            Wiring::Gateway => (
                &[
                    "spin:variables/variables@3.0.0",
                    "wasi:http/client@0.3.0",
                    "wasi:http/types@0.3.0",
                ],
                "wasi:http/handler@0.3.0",
            ),
            Wiring::GatewayOfWasi2 => (
                &[
                    "fermyon:spin/variables@2.0.0",
                    "wasi:http/outgoing-handler@0.2.12",
                    "wasi:http/types@0.2.12",
                ],
                "wasi:http/incoming-handler@0.2.12",
            ),
        };
        assert_eq!(imports, expected, "{wiring:?}");
        assert_eq!(exports, BTreeSet::from([handler.to_owned()]), "{wiring:?}");
    }
}

/// Whether it is one of the standard library's imports, or the clock of WASI 0.3.
fn is_of_standard_library(name: &str) -> bool {
    let interface = |name: &str| name.split('@').next().map(str::to_owned);
    let known = STANDARD_LIBRARY.iter().map(|known| interface(known));
    let clock = interface("wasi:clocks/types");
    known.chain([clock]).any(|known| known == interface(name))
}

/// The interfaces that the component imports and exports.
fn interfaces() -> (BTreeSet<String>, BTreeSet<String>) {
    interfaces_of(&component())
}

fn interfaces_of(component: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let bytes = fs::read(component).expect("a readable component");
    let mut imports = BTreeSet::new();
    let mut exports = BTreeSet::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.expect("the component is WebAssembly") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                let names = section
                    .into_iter()
                    .map(|import| import.expect("an import").name.name);
                imports.extend(names.map(str::to_owned));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                let names = section
                    .into_iter()
                    .map(|export| export.expect("an export").name.name);
                exports.extend(names.map(str::to_owned));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// The interfaces that the world in `wit` imports or exports.
fn world(direction: &str) -> BTreeSet<String> {
    let build = if is_wasi2() { "wasi2" } else { "wasi3" };
    let world = fs::read_to_string(in_repository(&format!("wit/{build}/world.wit")));
    let world = world.expect("a readable world");
    let listed = world.lines().filter_map(|line| {
        let interface = line.trim().strip_prefix(direction)?.strip_suffix(';')?;
        Some(interface.trim().to_owned())
    });
    listed.collect()
}
