//! Builds the filter of common passwords, and has the component built anew when a file appears in a
//! folder that it embeds.

use std::path::Path;
use std::{env, fs};

use xorf::{BinaryFuse16, DmaSerializable};

#[path = "src/passwords/blocklist/key.rs"]
mod key;

/// Common passwords, one a line. `scripts/blocklist.sh` writes it.
const COMMON_PASSWORDS: &str = "blocklist/passwords.txt";

fn main() {
    for path in ["docs/openapi", "migrations", "templates", COMMON_PASSWORDS] {
        println!("cargo:rerun-if-changed={path}");
    }
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    write_filter(Path::new(&out));
}

/// Writes the filter as `src/passwords/blocklist/mod.rs` reads it.
fn write_filter(out: &Path) {
    let passwords = fs::read_to_string(COMMON_PASSWORDS).expect("a readable list");
    let keys: Vec<_> = passwords.lines().map(key::key).collect();
    let filter = BinaryFuse16::try_from(&keys).expect("distinct passwords");
    let mut descriptor = [0; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut descriptor);
    for (name, bytes) in [
        ("common_passwords.descriptor", descriptor.as_slice()),
        ("common_passwords.fingerprints", filter.dma_fingerprints()),
    ] {
        fs::write(out.join(name), bytes).expect("a writable folder");
    }
}
