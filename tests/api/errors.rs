//! Errors common to all routes: unknown paths, wrong methods, and invalid bodies.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{BODY_TOO_LARGE, METHOD_NOT_ALLOWED, NOT_FOUND};
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{
    FORGOT_PASSWORD, LOGIN, LOGOUT, REFRESH, REGISTER, RESET_PASSWORD, TEST_DATA, registration,
};
use crate::helpers::response::Response;
use crate::helpers::validation::{no_body, not_an_object};

const JSON_ROUTES: [&str; 5] = [REGISTER, REFRESH, LOGOUT, FORGOT_PASSWORD, RESET_PASSWORD];
const GET_ROUTES: [&str; 7] = [
    TEST_DATA,
    "/health/live",
    "/health/ready",
    "/",
    "/openapi.json",
    "/docs.yaml",
    "/docs",
];
const MEBIBYTE: usize = 1024 * 1024;

async fn post_text(app: &App, path: &str, content_type: &str, body: impl Into<String>) -> Response {
    let request = app
        .request(Method::POST, path)
        .header("content-type", content_type);
    Response::to(request.body(body.into())).await
}

#[tokio::test]
async fn an_unknown_path_is_not_found_under_any_method() {
    let app = spawn_app().await;
    for path in [
        "/nope",
        "/api",
        "/api/v1",
        "/api/v1/auth",
        "/api/v1/auth/nope",
        "/api/v2/auth/login",
        "/API/V1/AUTH/LOGIN",
        "/health",
        "//",
        "/docs.json",
        "/%00",
        "/api/v1/auth/login%2F",
        "/..%2f..%2fetc/passwd",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            Response::to(app.request(method, path))
                .await
                .assert_error(&NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn a_wrong_method_gets_a_405_that_lists_the_allowed_ones() {
    let app = spawn_app().await;
    let posts = JSON_ROUTES
        .into_iter()
        .chain([LOGIN])
        .map(|path| (path, "POST"));
    let gets = GET_ROUTES.into_iter().map(|path| (path, "GET,HEAD"));
    for (path, allowed) in posts.chain(gets) {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            if allowed.contains(method.as_str()) {
                continue;
            }
            let response = Response::to(app.request(method, path)).await;
            response.assert_error(&METHOD_NOT_ALLOWED);
            let allow = response
                .header("allow")
                .map(|methods| methods.replace(' ', ""));
            assert_eq!(allow.as_deref(), Some(allowed), "{path}");
        }
    }
}

#[tokio::test]
async fn the_error_for_invalid_json_says_where_and_why() {
    let app = spawn_app().await;
    for path in JSON_ROUTES {
        for body in [
            "{",
            "nope",
            "{\"a\": }",
            "{'a': 1}",
            "{\"a\": 1,}",
            "{} {}",
            "{\"a\": NaN}",
            "\u{FEFF}{}",
            " ",
        ] {
            let response = post_text(&app, path, "application/json", body).await;
            let json = response.assert_status(422).json();
            let entry = &json["detail"][0];
            let offset = entry["loc"][1].as_u64();
            let offset = offset.unwrap_or_else(|| panic!("no offset: {body:?}: {json}"));
            assert!(usize::try_from(offset).is_ok_and(|offset| offset <= body.chars().count()));
            let reason = entry["ctx"]["error"].as_str();
            assert!(
                reason.is_some_and(|reason| !reason.is_empty()),
                "{body:?}: {json}"
            );
            response.assert_invalid(&[json!({
                "type": "json_invalid",
                "loc": ["body", offset],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": reason},
            })]);
        }
    }
}

#[tokio::test]
async fn a_body_with_a_duplicate_name_is_rejected() {
    let app = spawn_app().await;
    let body = "{\"email\": \"a@example.com\", \"email\": \"b@example.com\"}";
    let response = post_text(&app, FORGOT_PASSWORD, "application/json", body).await;
    response.assert_status(422);
}

#[tokio::test]
async fn a_body_other_than_an_object_is_rejected_as_such() {
    let app = spawn_app().await;
    for path in JSON_ROUTES {
        for body in [
            json!([]),
            json!([{"refresh_token": "a"}]),
            json!("text"),
            json!(5),
            json!(true),
            Value::Null,
        ] {
            let response = app.post(path, &body).await;
            let mut entry = response.assert_status(422).json()["detail"][0].clone();
            entry
                .as_object_mut()
                .expect("an entry is an object")
                .remove("input");
            assert_eq!(entry, not_an_object(), "{path}: {body}");
        }
    }
}

#[tokio::test]
async fn an_absent_body_is_reported_as_missing() {
    let app = spawn_app().await;
    for path in JSON_ROUTES {
        Response::to(app.request(Method::POST, path))
            .await
            .assert_invalid(&[no_body()]);
    }
}

#[tokio::test]
async fn json_without_a_content_type_is_rejected() {
    let app = spawn_app().await;
    for path in JSON_ROUTES {
        let request = app.request(Method::POST, path);
        let response = Response::to(request.body(registration().to_string())).await;
        let entry = response.assert_status(422).json()["detail"][0].clone();
        assert_eq!(entry["type"], "model_attributes_type", "{path}");
    }
}

#[tokio::test]
async fn json_with_another_content_type_is_rejected() {
    let app = spawn_app().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
    ] {
        let response = post_text(&app, LOGOUT, content_type, "{\"refresh_token\": \"a\"}").await;
        let entry = response.assert_status(422).json()["detail"][0].clone();
        assert_eq!(entry["type"], "model_attributes_type", "{content_type}");
    }
}

#[tokio::test]
async fn every_json_content_type_is_accepted() {
    let app = spawn_app().await;
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.api+json",
    ] {
        let response = post_text(&app, LOGOUT, content_type, "{\"refresh_token\": \"a\"}").await;
        response.assert_status(204);
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_too_large() {
    let app = spawn_app().await;
    for path in JSON_ROUTES {
        let response = post_text(&app, path, "application/json", "x".repeat(MEBIBYTE + 1)).await;
        response.assert_error(&BODY_TOO_LARGE);
    }
    let form = format!("username=tom&password={}", "x".repeat(MEBIBYTE));
    let response = post_text(&app, LOGIN, "application/x-www-form-urlencoded", form).await;
    response.assert_error(&BODY_TOO_LARGE);
}

#[tokio::test]
async fn a_body_of_exactly_a_mebibyte_is_accepted() {
    let app = spawn_app().await;
    let frame = "{\"refresh_token\": \"a\", \"more\": \"\"}".len();
    let body = format!(
        "{{\"refresh_token\": \"a\", \"more\": \"{}\"}}",
        "x".repeat(MEBIBYTE - frame)
    );
    assert_eq!(body.len(), MEBIBYTE);
    post_text(&app, LOGOUT, "application/json", body)
        .await
        .assert_status(204);
}

#[tokio::test]
async fn the_service_survives_a_body_of_ten_mebibytes() {
    let app = spawn_app().await;
    let body = "x".repeat(10 * MEBIBYTE);
    post_text(&app, REGISTER, "application/json", body)
        .await
        .assert_error(&BODY_TOO_LARGE);
    app.get("/health/ready").await.assert_status(200);
}

#[tokio::test]
async fn deeply_nested_json_is_rejected() {
    let app = spawn_app().await;
    for deep in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let response = post_text(&app, REGISTER, "application/json", deep).await;
        assert_eq!(
            response.assert_status(422).json()["detail"][0]["type"],
            "json_invalid"
        );
    }
    app.get("/health/ready").await.assert_status(200);
}
