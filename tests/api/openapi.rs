//! The OpenAPI description: complete, valid, and the same in all formats.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::helpers::app::spawn_app;
use crate::helpers::captcha::CHALLENGE;
use crate::helpers::description::{document, operations};
use crate::helpers::flows::{
    CHANGE_EMAIL, CHANGE_PASSWORD, DELETE_ACCOUNT, EVENTS, EXPORT, FORGOT_PASSWORD, LOGIN, LOGOUT,
    ME, NOT_ME, REFRESH, REGISTER, RESEND_VERIFICATION, RESET_PASSWORD, SESSION, SESSIONS,
    TEST_DATA, VERIFY_EMAIL,
};
use crate::metrics::METRICS;

/// Every route and its possible statuses.
const ROUTES: [(&str, &str, &[u16]); 43] = [
    ("get", CHALLENGE, &[200, 404, 500]),
    (
        "post",
        REGISTER,
        &[201, 400, 409, 413, 422, 429, 500, 503, 504],
    ),
    ("post", LOGIN, &[200, 401, 403, 413, 422, 429, 500, 503]),
    ("post", REFRESH, &[200, 401, 403, 413, 422, 429, 500, 503]),
    ("post", LOGOUT, &[204, 403, 413, 422, 429, 500, 503]),
    ("post", FORGOT_PASSWORD, &[202, 413, 422, 429, 500, 503]),
    ("post", RESET_PASSWORD, &[200, 400, 413, 422, 429, 500, 503]),
    ("post", NOT_ME, &[200, 400, 413, 422, 429, 500, 503]),
    (
        "post",
        VERIFY_EMAIL,
        &[200, 400, 409, 413, 422, 429, 500, 503],
    ),
    ("post", RESEND_VERIFICATION, &[202, 413, 422, 429, 500, 503]),
    (
        "post",
        CHANGE_EMAIL,
        &[202, 401, 403, 413, 422, 429, 500, 503],
    ),
    ("get", ME, &[200, 401, 500, 503]),
    ("patch", ME, &[200, 401, 403, 409, 413, 422, 429, 500, 503]),
    (
        "post",
        CHANGE_PASSWORD,
        &[200, 401, 403, 413, 422, 429, 500, 503],
    ),
    ("get", SESSIONS, &[200, 401, 500, 503]),
    ("delete", SESSIONS, &[204, 401, 403, 429, 500, 503]),
    (
        "delete",
        "/api/v1/auth/sessions/{id}",
        &[204, 401, 403, 404, 429, 500, 503],
    ),
    ("get", EVENTS, &[200, 401, 422, 500, 503]),
    ("get", EXPORT, &[200, 401, 429, 500, 503]),
    (
        "post",
        DELETE_ACCOUNT,
        &[202, 401, 403, 413, 422, 429, 500, 503],
    ),
    (
        "post",
        "/api/v1/admin/users/import",
        &[200, 400, 401, 403, 408, 413, 415, 429, 500, 503],
    ),
    (
        "get",
        "/api/v1/admin/users/export",
        &[200, 401, 403, 422, 429, 500, 503],
    ),
    ("get", SESSION, &[200, 401, 500, 503]),
    (
        "get",
        "/api/v1/admin/users",
        &[200, 401, 403, 422, 429, 500, 503],
    ),
    (
        "post",
        "/api/v1/admin/users",
        &[201, 401, 403, 409, 413, 422, 429, 500, 503],
    ),
    (
        "get",
        "/api/v1/admin/users/{id}",
        &[200, 401, 403, 404, 429, 500, 503],
    ),
    (
        "patch",
        "/api/v1/admin/users/{id}",
        &[200, 401, 403, 404, 409, 413, 422, 429, 500, 503],
    ),
    (
        "delete",
        "/api/v1/admin/users/{id}",
        &[204, 401, 403, 404, 409, 429, 500, 503],
    ),
    (
        "post",
        "/api/v1/admin/users/{id}/disable",
        &[200, 401, 403, 404, 409, 413, 422, 429, 500, 503],
    ),
    (
        "post",
        "/api/v1/admin/users/{id}/enable",
        &[200, 401, 403, 404, 429, 500, 503],
    ),
    (
        "post",
        "/api/v1/admin/users/{id}/send-password-reset",
        &[202, 401, 403, 404, 409, 429, 500, 503],
    ),
    (
        "post",
        "/api/v1/admin/users/{id}/verify-email",
        &[200, 401, 403, 404, 429, 500, 503],
    ),
    (
        "get",
        "/api/v1/admin/users/{id}/sessions",
        &[200, 401, 403, 404, 429, 500, 503],
    ),
    (
        "delete",
        "/api/v1/admin/users/{id}/sessions",
        &[204, 401, 403, 404, 429, 500, 503],
    ),
    (
        "get",
        "/api/v1/admin/events",
        &[200, 401, 403, 422, 429, 500, 503],
    ),
    ("get", TEST_DATA, &[200, 401, 500, 503]),
    ("get", "/health/live", &[200, 500]),
    ("get", "/health/ready", &[200, 503]),
    ("get", METRICS, &[200, 401, 404, 429, 500, 503]),
    ("get", "/", &[200, 500]),
    ("get", "/openapi.json", &[200, 500]),
    ("get", "/docs.yaml", &[200, 500]),
    ("get", "/docs", &[200, 500]),
];

#[tokio::test]
async fn it_is_openapi_3_1_with_a_title_and_a_version() {
    let document = document().await;
    let version = document["openapi"]
        .as_str()
        .expect("the version is a string");
    assert!(version.starts_with("3.1."), "{version}");
    let info = &document["info"];
    assert_eq!(info["title"], "Gatehouse");
    let live = spawn_app().await.get("/health/live").await;
    assert_eq!(info["version"], live.json()["version"]);
    assert_eq!(info["license"]["identifier"], "Apache-2.0");
}

#[tokio::test]
async fn it_lists_exactly_the_existing_routes() {
    let listed: BTreeSet<_> = operations()
        .await
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let expected: BTreeSet<_> = ROUTES
        .iter()
        .map(|(method, path, _)| (method.to_string(), path.to_string()))
        .collect();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn every_route_lists_its_possible_statuses() {
    let document = document().await;
    for (method, path, statuses) in ROUTES {
        let responses = document["paths"][path][method]["responses"].as_object();
        let responses = responses.expect("responses are an object");
        let listed: BTreeSet<_> = responses.keys().cloned().collect();
        let missing: Vec<_> = statuses
            .iter()
            .filter(|status| !listed.contains(&status.to_string()))
            .collect();
        assert!(missing.is_empty(), "{method} {path}: {missing:?}");
    }
}

#[tokio::test]
async fn every_operation_has_a_summary_a_name_a_tag_and_described_responses() {
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations().await {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty(), "{method} {path} has no summary");
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            !name.is_empty() && names.insert(name),
            "{method} {path}: {name:?}"
        );
        assert!(
            operation["tags"][0].is_string(),
            "{method} {path} has no tag"
        );
        let responses = operation["responses"]
            .as_object()
            .expect("responses are an object");
        for (status, response) in responses {
            let description = response["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn every_error_is_json_with_a_schema_of_its_own() {
    for (method, path, operation) in operations().await {
        let responses = operation["responses"]
            .as_object()
            .expect("responses are an object");
        for (status, response) in responses
            .iter()
            .filter(|(status, _)| status.as_str() >= "400")
        {
            let schema = &response["content"]["application/json"]["schema"]["$ref"];
            assert!(schema.is_string(), "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn every_reference_resolves_and_every_schema_is_valid() {
    let document = document().await;
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("there are schemas");
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for reference in references(document) {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

/// All `$ref`s in a document.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("$ref", Some(reference)) => vec![reference],
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// How the paths end whose requests change something and have no body.
const BODILESS: [&str; 3] = ["/enable", "/{id}/verify-email", "/send-password-reset"];

#[tokio::test]
async fn every_body_has_a_schema_under_its_content_type() {
    for (method, path, operation) in operations().await {
        let expected = match (method.as_str(), path.as_str()) {
            ("get" | "delete", _) => None,
            (_, path) if BODILESS.iter().any(|end| path.ends_with(end)) => None,
            (_, LOGIN) => Some("application/x-www-form-urlencoded"),
            (_, path) if path.ends_with("/import") => Some("application/jsonl"),
            _ => Some("application/json"),
        };
        let Some(content_type) = expected else {
            assert_eq!(operation.get("requestBody"), None, "{method} {path}");
            continue;
        };
        let body = &operation["requestBody"];
        // A refresh token may come in a cookie instead.
        let may_be_absent = [REFRESH, LOGOUT].contains(&path.as_str());
        let is_required = body["required"].as_bool().unwrap_or_default();
        assert_eq!(is_required, !may_be_absent, "{path}");
        let schema = &body["content"][content_type]["schema"];
        // Lines of JSON are a text.
        let is_described = schema["$ref"].is_string() || schema["type"] == "string";
        assert!(is_described, "{path}: {body}");
    }
}

#[tokio::test]
async fn only_protected_routes_require_an_access_token_by_header_or_cookie() {
    let document = document().await;
    let scheme = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"];
    assert_eq!(scheme["type"], "oauth2");
    assert_eq!(scheme["flows"]["password"]["tokenUrl"], LOGIN);
    let scheme = &document["components"]["securitySchemes"]["SessionCookie"];
    assert_eq!(scheme["type"], "apiKey");
    assert_eq!(scheme["in"], "cookie");
    assert_eq!(scheme["name"], "__Host-gatehouse");
    let scheme = &document["components"]["securitySchemes"]["AdminKey"];
    assert_eq!(scheme["scheme"], "bearer");
    let scheme = &document["components"]["securitySchemes"]["MetricsToken"];
    assert_eq!(scheme["scheme"], "bearer");
    for (_, path, operation) in operations().await {
        let is_protected = [
            ME,
            SESSION,
            TEST_DATA,
            CHANGE_PASSWORD,
            CHANGE_EMAIL,
            DELETE_ACCOUNT,
            EVENTS,
            EXPORT,
        ];
        let expected = (is_protected.contains(&path.as_str()) || path.starts_with(SESSIONS))
            .then(|| json!([{"OAuth2PasswordBearer": []}, {"SessionCookie": []}]));
        let for_administrators = path.starts_with("/api/v1/admin/").then(
            || json!([{"OAuth2PasswordBearer": []}, {"SessionCookie": []}, {"AdminKey": []}]),
        );
        let for_metrics = (path == METRICS).then(|| json!([{"MetricsToken": []}]));
        let expected = expected.or(for_administrators).or(for_metrics);
        assert_eq!(operation.get("security"), expected.as_ref(), "{path}");
    }
}

#[tokio::test]
async fn the_yaml_is_equivalent_and_downloadable() {
    let app = spawn_app().await;
    let response = app.get("/docs.yaml").await;
    response.assert_status(200);
    assert_eq!(response.header("content-type"), Some("application/yaml"));
    let disposition = response.header("content-disposition");
    assert_eq!(disposition, Some("attachment; filename=docs.yaml"));
    let yaml: Value = yaml_serde::from_str(&response.text).expect("YAML");
    assert_eq!(&yaml, document().await);
    let is_block_style = response
        .text
        .starts_with("openapi: \"3.1.0\"\ninfo:\n  title: Gatehouse\n");
    assert!(is_block_style, "{:.100}", response.text);
}

#[tokio::test]
async fn response_schemas_are_strict_enough_to_detect_a_change() {
    let document = document().await;
    let required: BTreeMap<_, _> = [
        ("UserPublic", 7),
        ("Token", 4),
        ("CookieSession", 1),
        ("SessionPublic", 7),
        ("SessionEntry", 7),
        ("EventPage", 2),
        ("EventPublic", 4),
        ("Export", 5),
        ("Deletion", 1),
        ("Challenge", 2),
        ("ChallengeParameters", 7),
        ("ErrorBody", 2),
        ("ConflictBody", 2),
        ("Health", 4),
        ("Message", 1),
        ("TestData", 2),
    ]
    .into();
    for (name, fields) in required {
        let required = &document["components"]["schemas"][name]["required"];
        assert_eq!(
            required.as_array().map(Vec::len),
            Some(fields),
            "{name}: {required}"
        );
    }
}
