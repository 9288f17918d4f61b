//! Keeps the order of the code: who may use whom, what every file owes its reader, that the example
//! runs the service as it is meant to be run, and that the texts name tests that are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A layer, and the layers that it may use. `domain` uses nothing of ours.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "lib",
        &[
            "app",
            "housekeeping",
            "log",
            "platform",
            "routes",
            "settings",
            "store",
        ],
    ),
    (
        "routes",
        &[
            "api", "app", "assets", "domain", "edge", "error", "throttle",
        ],
    ),
    ("description", &["error", "routes"]),
    ("edge", &["error", "platform", "settings"]),
    (
        "api",
        &[
            "app", "assets", "captcha", "domain", "error", "extract", "hashing", "platform",
            "settings", "store", "throttle",
        ],
    ),
    (
        "extract",
        &["app", "domain", "error", "platform", "settings", "store"],
    ),
    (
        "captcha",
        &[
            "app", "domain", "error", "outbound", "platform", "settings", "store",
        ],
    ),
    ("hashing", &["app", "domain", "platform"]),
    (
        "throttle",
        &["app", "domain", "error", "extract", "platform", "store"],
    ),
    (
        "housekeeping",
        &["app", "domain", "mailer", "platform", "settings", "store"],
    ),
    (
        "mailer",
        &["app", "domain", "outbound", "platform", "store"],
    ),
    ("app", &["domain", "settings", "store", "templates"]),
    ("error", &["domain", "store"]),
    ("outbound", &["domain", "platform", "settings"]),
    ("store", &["domain", "platform"]),
    ("settings", &["domain", "platform"]),
    ("platform", &["domain"]),
    ("templates", &["domain"]),
    ("domain", &[]),
    ("assets", &[]),
];

/// Every source file of the component, by its path below `src`, with its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file");
            let name = path.strip_prefix(&root).expect("below src");
            sources.push((name.to_string_lossy().into_owned(), text));
        }
    }
    sources
}

/// The layer that a file belongs to: its folder, or its own name.
fn layer(file: &str) -> &str {
    file.split(['/', '.']).next().expect("a name")
}

/// The first name of every `crate::` path in the text.
fn used(text: &str) -> BTreeSet<&str> {
    let paths = text.split("crate::").skip(1);
    let names = paths.map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_'));
    names.filter_map(|mut names| names.next()).collect()
}

/// What stands before the file's own tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn every_layer_uses_only_those_below_it() {
    for (file, text) in sources() {
        let layer = layer(&file);
        let rule = LAYERS.iter().find(|(name, _)| *name == layer);
        let allowed = rule.map_or(&[] as &[_], |(_, allowed)| allowed);
        for name in used(without_tests(&text)) {
            let is_allowed = name == layer || name == "handle" || allowed.contains(&name);
            assert!(is_allowed, "{file} uses {name}");
        }
    }
}

#[test]
fn files_of_the_api_do_not_use_each_other() {
    for (file, text) in sources() {
        let uses_api = used(&text).contains("api");
        assert!(!uses_api || file == "routes.rs", "{file} uses the API");
    }
}

#[test]
fn only_the_platform_knows_spin() {
    for (file, text) in sources() {
        let knows_spin = text.contains("spin_sdk") || text.contains("wit_bindgen");
        assert!(
            !knows_spin || layer(&file) == "platform",
            "{file} knows Spin"
        );
    }
}

#[test]
fn sql_stands_in_the_store_only() {
    let statements = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
    for (file, text) in sources() {
        let has_sql = statements.iter().any(|statement| text.contains(statement));
        assert!(!has_sql || layer(&file) == "store", "{file} has SQL");
    }
}

#[test]
fn every_file_opens_with_what_it_is_for_and_stays_short() {
    for (file, text) in sources() {
        assert!(
            text.starts_with("//! "),
            "{file} does not say what it is for"
        );
        let lines = without_tests(&text).lines().count();
        assert!(lines <= 300, "{file} has {lines} lines before its tests");
    }
}

/// What a manifest says about the service: its settings, and what it may touch.
fn service(manifest: &str) -> (toml::Value, toml::Table) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
    let text = fs::read_to_string(path).expect("a manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    let component = manifest["component"]["gatehouse"].as_table();
    let mut component = component.expect("the service").clone();
    // How and where it is built depends on where the manifest lies.
    for key in ["source", "build", "profile"] {
        component.remove(key);
    }
    (manifest["variables"].clone(), component)
}

#[test]
fn the_example_gives_the_service_all_that_its_own_manifest_gives_it() {
    assert_eq!(service("examples/frontend/spin.toml"), service("spin.toml"));
}

#[test]
fn every_test_that_the_promises_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let promises = fs::read_to_string(root.join("docs/security.md")).expect("the promises");
    let quoted = promises.split('`');
    let named = quoted.filter(|text| text.starts_with("tests/") || text.starts_with("src/"));
    let missing: Vec<_> = named.filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
