//! Assembles the page's files: the static ones, and the output of wasm-bindgen.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

const STATIC: &str = "../page/static";
/// The page as built by Cargo; .cargo/config.toml sets the folder.
const PAGE: &str = "../../../target/wasm32-unknown-unknown/release/gatehouse_example_page.wasm";
const BUILD_PAGE: &str = "cargo build --release --target wasm32-unknown-unknown \
                          --package gatehouse-example-page";

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed={STATIC}");
    println!("cargo::rerun-if-changed={PAGE}");
    let out_dir = env::var("OUT_DIR").context("Cargo sets OUT_DIR")?;
    let site = PathBuf::from(out_dir).join("site");
    if site.exists() {
        fs::remove_dir_all(&site)?;
    }
    fs::create_dir(&site)?;
    copy(Path::new(STATIC), &site)?;
    Bindgen::new()
        .input_path(PAGE)
        .out_name("page")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&site)
        .with_context(|| format!("the page is not built: run `{BUILD_PAGE}`"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
