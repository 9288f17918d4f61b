//! The folder `deploy/`: its Kubernetes objects are valid and fit together, and its settings exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const SCHEMA: &str = include_str!("kubernetes.schema.json");
/// What `secrets.env` is copied from. The copy is not in the repository.
const SECRETS_EXAMPLE: &str = "secrets.example.env";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    let path = path(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn spinkube(file: &str) -> Value {
    yaml_serde::from_str(&read(&format!("deploy/spinkube/{file}"))).expect(file)
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    let value = object.pointer(pointer).and_then(Value::as_str);
    value.unwrap_or_else(|| panic!("no text at {pointer}"))
}

fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    let value = object.pointer(pointer).and_then(Value::as_array);
    value.unwrap_or_else(|| panic!("no list at {pointer}"))
}

/// The names on the left of `=` in an environment file.
fn environment(file: &str) -> BTreeSet<String> {
    let text = read(file);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let assignments = lines.filter_map(|line| line.split_once('='));
    assignments.map(|(name, _)| name.to_owned()).collect()
}

/// The application's variables: those declared, and those of them that are secret.
fn variables() -> (BTreeSet<String>, BTreeSet<String>) {
    let manifest: toml::Table = read("spin.toml").parse().expect("TOML");
    let declared = manifest["variables"].as_table().expect("variables");
    let is_secret = |variable: &toml::Value| variable.get("secret").is_some();
    let secret = declared.iter().filter(|(_, it)| is_secret(it));
    let secret = secret.map(|(name, _)| name.clone()).collect();
    (declared.keys().cloned().collect(), secret)
}

/// Every `secretKeyRef` below `value`.
fn secret_references<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("secretKeyRef"));
            members.values().for_each(|it| secret_references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| secret_references(it, found)),
        _ => {}
    }
}

#[test]
fn every_kubernetes_object_follows_its_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    for entry in fs::read_dir(path("deploy/spinkube")).expect("a folder") {
        let file = entry.expect("an entry").file_name();
        let file = file.to_str().expect("a name");
        if !file.ends_with(".yaml") {
            continue;
        }
        let object = spinkube(file);
        // The kind's own schema names the wrong field; `oneOf` would only say that none fits.
        let kind = text(&object, "/kind");
        let kind = kind[..1].to_lowercase() + &kind[1..];
        let mut schema = schema.clone();
        schema.as_object_mut().expect("a schema").remove("oneOf");
        schema["$ref"] = format!("#/$defs/{kind}").into();
        let validator = jsonschema::validator_for(&schema).expect("a schema of this kind");
        let errors: Vec<_> = validator
            .iter_errors(&object)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
    }
}

#[test]
fn kustomize_finds_every_object_and_every_file() {
    let kustomization = spinkube("kustomization.yaml");
    let listed = list(&kustomization, "/resources").iter();
    let listed: BTreeSet<_> = listed.map(|it| text(it, "").to_owned()).collect();
    let folder = fs::read_dir(path("deploy/spinkube")).expect("a folder");
    let names = folder.map(|entry| entry.expect("an entry").file_name());
    let present: BTreeSet<_> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml")
        .collect();
    assert_eq!(listed, present);
    let envs = list(&kustomization, "/secretGenerator/0/envs");
    assert_eq!(envs, [Value::from("secrets.env")]);
    assert!(read(".gitignore").contains("/deploy/spinkube/secrets.env\n"));
}

#[test]
fn every_secret_and_key_that_the_application_names_is_generated() {
    let secret = spinkube("kustomization.yaml");
    let secret = text(&secret, "/secretGenerator/0/name");
    let keys = environment(&format!("deploy/spinkube/{SECRETS_EXAMPLE}"));
    let app = spinkube("spinapp.yaml");
    let mut references = Vec::new();
    secret_references(&app, &mut references);
    let names = references.iter().map(|it| text(it, "/name"));
    assert!(names.into_iter().all(|name| name == secret));
    let used: BTreeSet<_> = references
        .iter()
        .map(|it| text(it, "/key").into())
        .collect();
    assert_eq!(used, keys);
}

#[test]
fn the_application_sets_only_variables_that_exist_and_secrets_by_reference() {
    let (declared, secret) = variables();
    let app = spinkube("spinapp.yaml");
    for variable in list(&app, "/spec/variables") {
        let name = text(variable, "/name");
        assert!(declared.contains(name), "spin.toml has no variable {name}");
        let is_reference = variable.get("valueFrom").is_some();
        assert_eq!(is_reference, secret.contains(name), "{name}");
    }
}

#[test]
fn the_ingress_leads_to_the_service_of_the_application_and_its_host_has_tls() {
    let app = spinkube("spinapp.yaml");
    let ingress = spinkube("ingress.yaml");
    let rule = &list(&ingress, "/spec/rules")[0];
    let service = &rule["http"]["paths"][0]["backend"]["service"];
    // The operator names the service after the application and gives it port 80.
    assert_eq!(service["name"], app["metadata"]["name"]);
    assert_eq!(service["port"]["number"], 80);
    assert_eq!(ingress["spec"]["tls"][0]["hosts"][0], rule["host"]);
    let variables = list(&app, "/spec/variables");
    let address = variables.iter().find(|it| it["name"] == "frontend_url");
    let address = address.expect("frontend_url")["value"].as_str();
    assert_eq!(address, Some(&*format!("https://{}", text(rule, "/host"))));
}

#[test]
fn the_application_names_the_executor_probes_and_database_that_exist() {
    let app = spinkube("spinapp.yaml");
    let executor = spinkube("executor.yaml");
    assert_eq!(app["spec"]["executor"], executor["metadata"]["name"]);
    let description: Value =
        serde_json::from_str(&read("docs/openapi/openapi.json")).expect("JSON");
    for probe in ["liveness", "readiness"] {
        let probe = text(&app, &format!("/spec/checks/{probe}/httpGet/path"));
        assert!(description["paths"].get(probe).is_some(), "{probe}");
    }
    let manifest: toml::Table = read("spin.toml").parse().expect("TOML");
    let databases = &manifest["component"]["gatehouse"]["sqlite_databases"];
    let config: toml::Table = read("deploy/runtime-config.libsql.toml")
        .parse()
        .expect("TOML");
    let names = list(&app, "/spec/runtimeConfig/sqliteDatabases");
    for name in databases.as_array().expect("a list") {
        let name = name.as_str().expect("a name");
        assert!(names.iter().any(|it| it["name"] == name), "{name}");
        assert_eq!(
            config["sqlite_database"][name]["type"].as_str(),
            Some("libsql")
        );
    }
}

#[test]
fn the_environment_for_systemd_sets_only_variables_that_exist() {
    let (declared, _) = variables();
    for name in environment("deploy/systemd/gatehouse.env") {
        let variable = name.strip_prefix("SPIN_VARIABLE_").map(str::to_lowercase);
        let exists = variable.is_some_and(|variable| declared.contains(&variable));
        assert!(exists, "{name}");
    }
}
