//! Builds the filter of common passwords, shortens the pages' assets, and has the component built anew when
//! a file appears in a folder that it embeds.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{env, fs};

use xorf::{BinaryFuse16, DmaSerializable};

#[path = "src/passwords/blocklist/key.rs"]
mod key;
#[path = "build/shorten.rs"]
mod shorten;

/// Common passwords, one a line. `scripts/blocklist.sh` writes it.
const COMMON_PASSWORDS: &str = "blocklist/passwords.txt";
/// The assets, in one folder per group of pages.
const ASSETS: &str = "templates/assets";

fn main() {
    for path in ["docs/openapi", "migrations", "templates", COMMON_PASSWORDS] {
        println!("cargo:rerun-if-changed={path}");
    }
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    write_filter(Path::new(&out));
    write_assets(&Path::new(&out).join("assets"));
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

/// Writes the assets as `src/http/assets.rs` serves them. Browsers load a fifth less of them.
fn write_assets(out: &Path) {
    // What an earlier build has left.
    let _ = fs::remove_dir_all(out);
    for group in children(Path::new(ASSETS)) {
        let folder = out.join(group.file_name().expect("a name"));
        fs::create_dir_all(&folder).expect("a writable folder");
        for file in children(&group) {
            let content = fs::read_to_string(&file).expect("a readable text");
            let short = match file.extension().and_then(OsStr::to_str) {
                Some("js") => shorten::script(&content),
                Some("css") => shorten::style(&content),
                _ => content,
            };
            fs::write(folder.join(file.file_name().expect("a name")), short)
                .expect("a writable file");
        }
    }
}

fn children(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    entries.map(|entry| entry.expect("a readable entry").path())
}
