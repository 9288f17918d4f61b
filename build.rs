//! Has the component built anew when a file appears in a folder that it embeds.

fn main() {
    for folder in ["docs/openapi", "migrations", "templates"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
