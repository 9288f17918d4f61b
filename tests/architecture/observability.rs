//! What operators see: every message of the log is documented, and every metric that the dashboard and the
//! alerts name exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde_json::Value;

use super::source::sources;

const LEVELS: [&str; 3] = ["error", "warn", "info"];

/// The fields of each message, by its level and its text up to the first variable part.
type Messages = BTreeMap<(String, String), BTreeSet<String>>;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tokens of every file without its tests.
fn code() -> Vec<Vec<TokenTree>> {
    let texts = sources().into_iter().map(|source| {
        let code = source.text.split("#[cfg(test)]\nmod tests").next();
        let code: TokenStream = code.unwrap_or_default().parse().expect("tokens");
        flat(code)
    });
    texts.collect()
}

/// The tokens, and behind each group the tokens in it.
fn flat(stream: TokenStream) -> Vec<TokenTree> {
    let mut tokens = Vec::new();
    for token in stream {
        let inner = match &token {
            TokenTree::Group(group) => flat(group.stream()),
            _ => Vec::new(),
        };
        tokens.push(token);
        tokens.extend(inner);
    }
    tokens
}

fn text(token: &TokenTree) -> Option<String> {
    let text: syn::LitStr = syn::parse_str(&token.to_string()).ok()?;
    Some(text.value())
}

/// The arguments of a call or a macro, if this is their group.
fn arguments(token: Option<&TokenTree>) -> Option<Vec<Vec<TokenTree>>> {
    let Some(TokenTree::Group(group)) = token else {
        return None;
    };
    if group.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let tokens: Vec<_> = group.stream().into_iter().collect();
    let is_comma = |token: &TokenTree| token.to_string() == ",";
    let arguments = tokens.split(is_comma).map(<[TokenTree]>::to_vec);
    Some(arguments.filter(|argument| !argument.is_empty()).collect())
}

/// Every message in the source code.
fn logged() -> Messages {
    let code = code();
    let mut messages = Messages::new();
    let mut add = |level: &str, text: &str, fields: &[String]| {
        let fixed = text.split('{').next().unwrap_or_default();
        if !fixed.is_empty() {
            let key = (level.to_uppercase(), fixed.to_owned());
            messages.entry(key).or_default().extend(fields.to_vec());
        }
    };
    for tokens in &code {
        for (index, token) in tokens.iter().enumerate() {
            let following = |offset: usize| tokens.get(index + offset);
            let level = token.to_string();
            if LEVELS.contains(&level.as_str())
                && following(1).is_some_and(|token| token.to_string() == "!")
                && let Some(arguments) = arguments(following(2))
            {
                let message = arguments.iter().find_map(|argument| text(&argument[0]));
                let fields: Vec<_> = arguments.iter().filter_map(|it| field(it)).collect();
                add(&level, &message.expect("a message"), &fields);
            }
            // The log of an error, which its conversion to a response writes.
            if level == "logged"
                && let Some(arguments) = arguments(following(1))
                && let [level, message] = &arguments[..]
                && level[0].to_string() == "Level"
            {
                let message = text(&message[0]).or_else(|| constant(&code, &message[0]));
                let level = level.last().expect("a level").to_string();
                let fields = ["error_code", "cause"].map(String::from);
                add(&level, &message.expect("a text"), &fields);
            }
            // The warnings about settings.
            if level == "message"
                && following(1).is_some_and(|token| token.to_string() == ":")
                && let Some(message) = following(2).and_then(text)
            {
                add("warn", &message, &["variable", "reason"].map(String::from));
            }
        }
    }
    messages
}

/// The name of a field in `name = value`, `%name` or `name`.
fn field(argument: &[TokenTree]) -> Option<String> {
    let tokens = argument.iter();
    let mut names = tokens.filter(|token| matches!(token, TokenTree::Ident(_)));
    names
        .next()
        .map(ToString::to_string)
        .filter(|_| text(&argument[0]).is_none())
}

/// The text of a constant.
fn constant(code: &[Vec<TokenTree>], name: &TokenTree) -> Option<String> {
    let name = name.to_string();
    code.iter()
        .flatten()
        .collect::<Vec<_>>()
        .windows(2)
        .find_map(|pair| {
            let is_it = pair[0].to_string() == "const" && pair[1].to_string() == name;
            is_it.then_some(())
        })?;
    code.iter().find_map(|tokens| {
        let mut tokens = tokens
            .iter()
            .skip_while(|token| token.to_string() != "const");
        while let Some(token) = tokens.next() {
            if token.to_string() == "const"
                && tokens.next().is_some_and(|token| token.to_string() == name)
            {
                return tokens.find_map(text);
            }
        }
        None
    })
}

/// Every message in docs/log.md: the rows of its tables have a level, a message and fields.
fn documented() -> Messages {
    let document = read("docs/log.md");
    let mut messages = Messages::new();
    for row in document.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let level = cells[0].to_lowercase();
        if !LEVELS.contains(&level.as_str()) {
            continue;
        }
        assert_eq!(cells.len(), 4, "{row}");
        assert!(cells[3].len() > 10, "says nothing: {row}");
        let message = cells[1].trim_matches('`').trim_end_matches('…');
        let names = cells[2].split('`').skip(1).step_by(2);
        let fields = names.map(str::to_owned);
        let key = (cells[0].to_owned(), message.to_owned());
        let former = messages.insert(key, fields.collect());
        assert!(former.is_none(), "documented twice: {row}");
    }
    messages
}

#[test]
fn every_message_of_the_log_is_documented_and_no_other() {
    let (logged, documented) = (logged(), documented());
    assert!(logged.len() > 40, "{logged:#?}");
    let missing: Vec<_> = logged
        .iter()
        .filter(|it| documented.get(it.0) != Some(it.1))
        .collect();
    let gone: Vec<_> = documented
        .iter()
        .filter(|it| logged.get(it.0) != Some(it.1))
        .collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in docs/log.md, or with other fields: {missing:#?}\nonly in docs/log.md: {gone:#?}"
    );
}

/// The metrics that the component exposes.
fn metrics() -> BTreeSet<String> {
    let sources = sources()
        .into_iter()
        .filter(|it| it.top_module() == "metrics");
    let strings = sources.flat_map(|source| source.strings);
    strings.filter(|text| is_metric(text)).collect()
}

fn is_metric(text: &str) -> bool {
    text.starts_with("gatehouse_") && text.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
}

/// The metrics that a text names.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    words
        .filter(|word| is_metric(word))
        .map(str::to_owned)
        .collect()
}

/// The values of every member with this name.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(name));
            object.values().for_each(|it| members(it, name, found));
        }
        Value::Array(items) => items.iter().for_each(|it| members(it, name, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_and_the_alerts_name_only_metrics_that_exist() {
    let existing = metrics();
    assert!(existing.len() > 12, "{existing:?}");
    for file in [
        "deploy/grafana/gatehouse.json",
        "deploy/prometheus/alerts.yaml",
        "docs/operating.md",
    ] {
        let named = metrics_in(&read(file));
        assert!(named.len() > 5, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&existing).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let shown = metrics_in(&read("deploy/grafana/gatehouse.json"));
    let hidden: Vec<_> = metrics()
        .into_iter()
        .filter(|it| !shown.contains(it))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn the_dashboards_panels_have_a_query_a_place_and_an_id_of_their_own() {
    let dashboard: Value =
        serde_json::from_str(&read("deploy/grafana/gatehouse.json")).expect("JSON");
    assert!(
        dashboard["schemaVersion"]
            .as_u64()
            .is_some_and(|it| it >= 39)
    );
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64()), "{title}");
        let mut queries = Vec::new();
        members(&panel["targets"], "expr", &mut queries);
        assert!(!queries.is_empty(), "{title} shows nothing");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64());
        let [x, y, w, h] = [x, y, w, h].map(|side| side.expect("a number"));
        assert!(x + w <= 24, "{title}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title} covers another panel");
        }
    }
}

#[test]
fn every_alert_is_documented_with_its_threshold() {
    let rules: Value = yaml_serde::from_str(&read("deploy/prometheus/alerts.yaml")).expect("YAML");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    let document = read("docs/operating.md");
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `Gatehouse"));
    let documented: BTreeSet<_> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let declared: BTreeSet<_> = rules
        .iter()
        .filter_map(|rule| rule["alert"].as_str())
        .collect();
    assert_eq!(documented, declared);
    for rule in rules {
        let alert = &rule["alert"];
        let severity = rule["labels"]["severity"].as_str();
        assert!(
            ["critical", "warning"].map(Some).contains(&severity),
            "{alert}"
        );
        for text in ["summary", "description"] {
            assert!(
                rule["annotations"][text].is_string(),
                "{alert} has no {text}"
            );
        }
    }
}
