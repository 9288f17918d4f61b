//! The OpenAPI description, and checks of responses against it.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::app::spawn_app;
use super::response::Response;

static DOCUMENT: OnceCell<Value> = OnceCell::const_new();

/// `/openapi.json`, fetched once.
pub(crate) async fn document() -> &'static Value {
    DOCUMENT.get_or_init(fetch).await
}

async fn fetch() -> Value {
    let app = spawn_app().await;
    let response = app
        .request(reqwest::Method::GET, "/openapi.json")
        .send()
        .await;
    let response = response.expect("a response");
    response.json().await.expect("the description is JSON")
}

/// All operations, with their method and path.
pub(crate) async fn operations() -> Vec<(String, String, &'static Value)> {
    let paths = document().await["paths"]
        .as_object()
        .expect("paths are an object");
    let mut operations = Vec::new();
    for (path, methods) in paths {
        let methods = methods.as_object().expect("a path is an object");
        for (method, operation) in methods {
            operations.push((method.clone(), path.clone(), operation));
        }
    }
    operations
}

/// Fails the test if a response of a described path does not match its description. Methods that are
/// not described must be rejected.
pub(crate) async fn check(method: &str, path: &str, response: &Response) {
    let document = document().await;
    let Some(operations) = document["paths"].get(path) else {
        return;
    };
    let Some(operation) = operations.get(method) else {
        assert_eq!(response.status, 405, "{method} {path} is not described");
        return;
    };
    let status = response.status.to_string();
    let described = operation["responses"].get(&status);
    let described = described
        .unwrap_or_else(|| panic!("{method} {path} does not describe a {status}: {response:?}"));
    match described.get("content") {
        None => assert_eq!(
            response.text, "",
            "{method} {path} describes no body for a {status}"
        ),
        Some(content) => check_content(document, content, response),
    }
}

fn check_content(document: &Value, content: &Value, response: &Response) {
    let content_type = response.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    let described = content.get(media_type);
    let described =
        described.unwrap_or_else(|| panic!("{media_type} is not described: {response:?}"));
    let body = match media_type {
        "application/json" => response.json(),
        "application/yaml" => yaml_serde::from_str(&response.text).expect("YAML"),
        _ => json!(response.text),
    };
    validate(document, &described["schema"], &body);
    if let Some(code) = body["error_code"].as_str() {
        let example = described["examples"].get(code);
        assert!(example.is_some(), "{code} is not described: {response:?}");
    }
}

/// Fails the test unless `value` conforms to a schema of the document.
pub(crate) fn validate(document: &Value, schema: &Value, value: &Value) {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a valid JSON schema");
    let problems: Vec<_> = validator
        .iter_errors(value)
        .map(|e| e.to_string())
        .collect();
    assert!(
        problems.is_empty(),
        "{value} does not match its schema: {problems:?}"
    );
}
