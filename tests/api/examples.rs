//! The examples in the OpenAPI description: complete, and identical to real responses.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::app::{App, spawn_app, spawn_app_with};
use crate::helpers::captcha::builtin_captcha;
use crate::helpers::description::{document, operations, validate};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, PASSWORD, REFRESH, REGISTER, RESET_PASSWORD, TEST_DATA,
    USERNAME, registration, registration_of,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;

/// The example of a body, or else that of its schema.
fn example<'a>(document: &'a Value, content: &'a Value) -> Option<&'a Value> {
    let reference = content["schema"]["$ref"].as_str().unwrap_or_default();
    let schema = document.pointer(reference.trim_start_matches('#'));
    let of_schema = schema.and_then(|schema| schema.get("example"));
    content.get("example").or(of_schema)
}

/// All examples of a response, by name.
fn examples<'a>(path: &str, method: &str, status: u16, document: &'a Value) -> &'a Value {
    let response = &document["paths"][path][method]["responses"][status.to_string()];
    &response["content"]["application/json"]["examples"]
}

#[tokio::test]
async fn every_request_and_success_has_an_example_that_matches_its_schema() {
    let document = document().await;
    for (method, path, operation) in operations().await {
        let successes = operation["responses"].as_object().expect("responses");
        let successes = successes
            .iter()
            .filter(|(status, _)| status.as_str() < "400");
        let bodies = successes.map(|(_, response)| response);
        for body in bodies.chain(operation.get("requestBody")) {
            let contents = body.get("content").and_then(Value::as_object);
            for (media_type, content) in contents.into_iter().flatten() {
                let example = example(document, content);
                let example = example.unwrap_or_else(|| panic!("{method} {path} {media_type}"));
                validate(document, &content["schema"], example);
            }
        }
    }
}

#[tokio::test]
async fn every_error_has_an_example_for_each_of_its_codes() {
    let document = document().await;
    let mut codes = BTreeSet::new();
    for (method, path, operation) in operations().await {
        let responses = operation["responses"].as_object().expect("responses");
        let errors = responses
            .iter()
            .filter(|(status, _)| status.as_str() >= "400");
        for (status, response) in errors {
            if path == "/health/ready" {
                continue;
            }
            let content = &response["content"]["application/json"];
            let examples = content["examples"].as_object();
            let examples = examples.unwrap_or_else(|| panic!("{method} {path} {status}"));
            for (code, example) in examples {
                let body = &example["value"];
                validate(document, &content["schema"], body);
                let in_body = body
                    .get("error_code")
                    .map_or("VALIDATION_ERROR", |code| code.as_str().expect("a string"));
                assert_eq!(code, in_body, "{method} {path} {status}");
                codes.insert(code.clone());
            }
        }
    }
    for code in [
        "EMAIL_TAKEN",
        "USERNAME_TAKEN",
        "CAPTCHA_TIMEOUT",
        "DB_LOCKED",
    ] {
        assert!(codes.contains(code), "{code} in {codes:?}");
    }
}

/// Asserts that a response equals one of its operation's examples.
async fn assert_exemplary(method: &str, path: &str, response: &Response) {
    let body = response.json();
    let examples = examples(path, method, response.status, document().await);
    let code = body.get("error_code").and_then(Value::as_str);
    let example = &examples[code.unwrap_or("VALIDATION_ERROR")]["value"];
    assert_eq!(&body, example, "{method} {path}");
}

#[tokio::test]
async fn examples_of_errors_match_real_responses() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.logout(&tokens.refresh).await.assert_status(204);
    let unauthenticated = Response::to(app.request(Method::GET, TEST_DATA)).await;
    for (method, path, response) in [
        ("post", LOGIN, app.login(EMAIL, "wrong password 1").await),
        ("post", LOGIN, app.login_form(&[]).await),
        ("post", REFRESH, app.refresh(&tokens.refresh).await),
        (
            "post",
            RESET_PASSWORD,
            app.reset_password("x", PASSWORD).await,
        ),
        ("post", REGISTER, app.register(&registration()).await),
        (
            "post",
            REGISTER,
            app.register(&registration_of("ann@example.com", USERNAME))
                .await,
        ),
        ("get", TEST_DATA, unauthenticated),
        ("get", TEST_DATA, app.test_data(&tokens.access).await),
    ] {
        assert!(response.status >= 400, "{response:?}");
        assert_exemplary(method, path, &response).await;
    }
}

#[tokio::test]
async fn examples_of_validation_errors_match_the_response_to_an_empty_body() {
    let app = builtin_captcha().spawn().await;
    for path in [REGISTER, FORGOT_PASSWORD, RESET_PASSWORD] {
        let response = app.post(path, &json!({})).await;
        response.assert_status(422);
        assert_exemplary("post", path, &response).await;
    }
    // The refresh token may be in a cookie, so it is no required field.
    for path in [REFRESH, LOGOUT] {
        let response = Response::to(app.request(Method::POST, path)).await;
        response.assert_status(422);
        assert_exemplary("post", path, &response).await;
    }
}

#[tokio::test]
async fn examples_of_captcha_errors_match_real_responses() {
    let app = spawn_app().await;
    for (reply, status) in [
        (Reply::Json(200, json!({"is_valid": false})), 400),
        (Reply::Text(500, ""), 503),
    ] {
        app.captcha.reply_with(reply);
        let response = app.register(&registration()).await;
        response.assert_status(status);
        assert_exemplary("post", REGISTER, &response).await;
    }
}

/// Sends the example of a JSON body.
async fn send_example(app: &App, path: &str) -> Response {
    let document = document().await;
    let content = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"];
    let body = example(document, content).expect("an example");
    app.post(path, body).await
}

#[tokio::test]
async fn examples_of_request_bodies_are_valid() {
    let app = spawn_app_with("captcha_provider", "off").await;
    for (path, status) in [
        (REGISTER, 201),
        (REFRESH, 401),
        (LOGOUT, 204),
        (FORGOT_PASSWORD, 202),
        (RESET_PASSWORD, 400),
    ] {
        send_example(&app, path).await.assert_status(status);
    }
    let document = document().await;
    let form = &document["components"]["schemas"]["LoginRequest"]["example"];
    let fields = form.as_object().expect("a form").iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a string")))
        .collect();
    app.login_form(&fields).await.assert_status(200);
}
