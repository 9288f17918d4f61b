//! Keeps the order of the code: who may use whom, what every file owes its reader, that the example
//! runs the service as it is meant to be run, and that the texts name tests that are there.

mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use source::{Source, root, sources};

/// The rooms of `src`, from the top to the bottom: each uses only those below it. What answers a
/// route stands above all rooms but the first ones, whichever room it lies in.
const ROOMS: &[&str] = &[
    "lib",
    "routes",
    "housekeeping",
    "pages",
    "health",
    "sessions",
    "captcha",
    "mail",
    "throttle",
    "passwords",
    "legacy",
    "users",
    "http",
    "templates",
    "languages",
    "settings",
    "db",
    "crypto",
    "platform",
];
/// What only the rooms above the endpoints may do: use an endpoint.
const ABOVE_ENDPOINTS: &[&str] = &["lib", "routes"];
/// What every instance is made of. It names all rooms, and all rooms may name it.
const EVERYWHERE: &[&str] = &["app"];

fn place(room: &str) -> usize {
    let place = ROOMS.iter().position(|name| *name == room);
    place.unwrap_or_else(|| panic!("the room {room} has no place in the order"))
}

/// Whether a path leads to a feature's section of the settings, which `settings` puts together.
fn is_section(path: &[String]) -> bool {
    path.len() > 1 && path[1] == "settings"
}

fn may_use(source: &Source, path: &[String]) -> bool {
    let (from, to) = (source.room(), path[0].as_str());
    let is_composed = from == "settings" && is_section(path);
    let is_settings = to == "settings" && from != "platform";
    let is_shared = EVERYWHERE.contains(&from) || EVERYWHERE.contains(&to);
    from == to
        || is_shared
        || is_settings
        || is_composed
        || place(from) < place(to)
        || source.is_endpoint() && !ABOVE_ENDPOINTS.contains(&to)
}

#[test]
fn every_room_uses_only_those_below_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let rooms = source.paths.iter().filter(|path| root_item(path).is_none());
        let upward = rooms.filter(|path| !may_use(&source, path));
        wrong.extend(upward.map(|path| format!("{} uses {}", source.name, path.join("::"))));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What stands in `lib.rs` itself, and not in a room.
fn root_item(path: &[String]) -> Option<&str> {
    let first = path.first().map_or("", String::as_str);
    let is_room = ROOMS.contains(&first) || EVERYWHERE.contains(&first);
    (!is_room).then_some(first)
}

#[test]
fn nothing_but_the_route_table_uses_an_endpoint() {
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
            let is_allowed = is_own || ABOVE_ENDPOINTS.contains(&source.room());
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
fn only_the_platform_knows_spin() {
    for source in sources() {
        let spin = ["spin_sdk", "wit_bindgen", "wasip3", "wasip2"];
        let known: Vec<_> = spin
            .iter()
            .filter(|name| source.names.contains(**name))
            .collect();
        let is_platform = source.room() == "platform";
        assert!(
            known.is_empty() || is_platform,
            "{} knows {known:?}",
            source.name
        );
    }
}

#[test]
fn sql_stands_in_stores_and_in_the_database_room_only() {
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
        let may_have_sql = is_store || source.room() == "db";
        assert!(
            found.is_none() || may_have_sql,
            "{} has {found:?}",
            source.name
        );
    }
}

#[test]
fn every_file_opens_with_what_it_is_for_and_stays_short() {
    for source in sources() {
        let name = &source.name;
        let opens = source.text.starts_with("//! ");
        assert!(opens, "{name} does not say what it is for");
        assert!(source.lines <= 300, "{name} has {} lines", source.lines);
    }
}

#[test]
fn a_handler_reads_as_its_specification() {
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
fn no_file_is_left_out_of_the_crate() {
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
