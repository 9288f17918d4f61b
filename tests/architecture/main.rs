//! Architecture tests: dependencies between modules, rules for files, the manifests, the
//! deployment, and the test files that docs/security.md names.

mod deployment;
mod manifest;
mod observability;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use source::{Source, guard_sources, root, sources};

/// The modules of `src`, from top to bottom: each may use only those below it. Endpoints may use every
/// module except those in `ABOVE_ENDPOINTS`, wherever they are.
const MODULES: &[&str] = &[
    "lib",
    "routes",
    "housekeeping",
    "pages",
    "health",
    "admin",
    "deletion",
    "sessions",
    "captcha",
    "mail",
    "verification",
    "events",
    "throttle",
    "passwords",
    "legacy",
    "users",
    "metrics",
    "http",
    "brand",
    "templates",
    "languages",
    "settings",
    "db",
    "crypto",
    "platform",
];
/// The only modules that may use endpoints.
const ABOVE_ENDPOINTS: &[&str] = &["lib", "routes"];
/// The composition of an instance, which may use all modules and be used by all modules.
const EVERYWHERE: &[&str] = &["app"];

fn rank(module: &str) -> usize {
    let rank = MODULES.iter().position(|name| *name == module);
    rank.unwrap_or_else(|| panic!("add the module {module} to MODULES"))
}

/// Whether a path leads to a feature's settings, which the module `settings` combines.
fn is_section(path: &[String]) -> bool {
    path.len() > 1 && path[1] == "settings"
}

fn may_use(source: &Source, path: &[String]) -> bool {
    let (from, to) = (source.top_module(), path[0].as_str());
    let is_composed = from == "settings" && is_section(path);
    let is_settings = to == "settings" && from != "platform";
    let is_shared = EVERYWHERE.contains(&from) || EVERYWHERE.contains(&to);
    from == to
        || is_shared
        || is_settings
        || is_composed
        || rank(from) < rank(to)
        || source.is_endpoint() && !ABOVE_ENDPOINTS.contains(&to)
}

#[test]
fn every_module_uses_only_modules_below_it() {
    let mut violations = Vec::new();
    for source in sources() {
        let paths = source.paths.iter().filter(|path| root_item(path).is_none());
        let upward = paths.filter(|path| !may_use(&source, path));
        violations.extend(upward.map(|path| format!("{} uses {}", source.name, path.join("::"))));
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

/// The name of an item that is defined in `lib.rs` itself.
fn root_item(path: &[String]) -> Option<&str> {
    let first = path.first().map_or("", String::as_str);
    let is_module = MODULES.contains(&first) || EVERYWHERE.contains(&first);
    (!is_module).then_some(first)
}

#[test]
fn only_the_route_table_uses_endpoints() {
    let sources = sources();
    let endpoints: Vec<_> = sources.iter().filter(|it| it.is_endpoint()).collect();
    for source in &sources {
        for endpoint in &endpoints {
            let handlers = endpoint.handlers.iter().map(|(name, _)| {
                let mut path = endpoint.module.clone();
                path.push(name.clone());
                path
            });
            let is_used = handlers
                .into_iter()
                .any(|path| source.paths.contains(&path));
            let is_own = source.module == endpoint.module;
            let is_allowed = is_own || ABOVE_ENDPOINTS.contains(&source.top_module());
            assert!(
                !is_used || is_allowed,
                "{} uses {}",
                source.name,
                endpoint.name
            );
        }
    }
}

#[test]
fn every_session_begins_in_one_place() {
    let inserts = |source: &Source| {
        let sql = source.strings.iter();
        sql.filter(|text| text.starts_with("INSERT INTO sessions"))
            .count()
    };
    let insert = ["sessions", "store", "insert"].map(String::from).to_vec();
    let sources = sources();
    let with_sql: Vec<_> = sources.iter().filter(|it| inserts(it) > 0).collect();
    assert!(
        matches!(with_sql[..], [store] if store.name == "sessions/store.rs" && inserts(store) == 1)
    );
    let callers: Vec<_> = sources
        .iter()
        .filter(|it| it.paths.contains(&insert))
        .collect();
    let names: Vec<_> = callers.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["sessions/beginning.rs"]);
}

#[test]
fn only_the_platform_uses_spin() {
    for source in sources().into_iter().chain(guard_sources()) {
        let spin = ["spin_sdk", "wit_bindgen", "wasip2", "wasip3", "wstd"];
        let used: Vec<_> = spin
            .iter()
            .filter(|name| source.names.contains(**name))
            .collect();
        let is_platform = source.top_module() == "platform";
        assert!(
            used.is_empty() || is_platform,
            "{} uses {used:?}",
            source.name
        );
    }
}

#[test]
fn only_stores_and_the_database_module_contain_sql() {
    let statements = [
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "PRAGMA ",
    ];
    for source in sources() {
        let is_statement = |text: &&String| statements.iter().any(|verb| text.starts_with(verb));
        let found = source.strings.iter().find(is_statement);
        let folders = format!("/{}", source.name);
        let is_store = folders.ends_with("/store.rs") || folders.contains("/store/");
        let may_have_sql = is_store || source.top_module() == "db";
        assert!(
            found.is_none() || may_have_sql,
            "{} contains {found:?}",
            source.name
        );
    }
}

#[test]
fn every_file_starts_with_a_doc_comment_and_stays_short() {
    for source in sources().into_iter().chain(guard_sources()) {
        let name = &source.name;
        let has_docs = source.text.starts_with("//! ");
        assert!(has_docs, "{name} does not start with a doc comment");
        assert!(source.lines <= 300, "{name} has {} lines", source.lines);
    }
}

#[test]
fn handlers_are_short() {
    for source in sources() {
        for (handler, lines) in &source.handlers {
            assert!(
                *lines <= 40,
                "{handler} in {} has {lines} lines",
                source.name
            );
        }
    }
}

#[test]
fn every_file_belongs_to_the_crate() {
    let declared: BTreeSet<_> = sources().into_iter().map(|it| it.name).collect();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root()).expect("below src");
            let name = name.to_string_lossy().into_owned();
            let is_test = ["tests.rs", "description.rs", "page.rs"]
                .iter()
                .any(|file| name.ends_with(file));
            assert!(
                is_test || declared.contains(&name),
                "{name} is not declared"
            );
        }
    }
}

/// The service's part of a manifest: its variables and its permissions.
fn service(manifest: &str) -> (toml::Value, toml::Table) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
    let text = fs::read_to_string(path).expect("a manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    let component = manifest["component"]["gatehouse"].as_table();
    let mut component = component.expect("the service").clone();
    // The build depends on the manifest's location.
    for key in ["source", "build", "profile"] {
        component.remove(key);
    }
    (manifest["variables"].clone(), component)
}

#[test]
fn the_examples_configure_the_service_like_its_own_manifest() {
    for example in ["examples/frontend/spin.toml", "examples/guarded/spin.toml"] {
        assert_eq!(service(example), service("spin.toml"), "{example}");
    }
}

#[test]
fn every_test_file_that_the_security_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/security.md")).expect("the document");
    let quoted = document.split('`');
    let named = quoted.filter(|text| text.starts_with("tests/") || text.starts_with("src/"));
    let missing: Vec<_> = named.filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
