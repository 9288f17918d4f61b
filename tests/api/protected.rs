//! The protected route: accepted and rejected access tokens.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, NOT_AUTHENTICATED};
use crate::helpers::app::{App, SECRET_KEY, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, TEST_DATA, registration_of};
use crate::helpers::response::Response;
use crate::helpers::time::unix_now;
use crate::helpers::token::{claims, legacy_claims, signed, signed_with};

async fn with_authorization(app: &App, value: &str) -> Response {
    let request = app.request(Method::GET, TEST_DATA);
    Response::to(request.header("authorization", value)).await
}

#[tokio::test]
async fn an_access_token_grants_access_to_its_user() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    let tokens = app.tokens_of_tom().await;
    let response = app.test_data(&tokens.access).await;
    response.assert_json(
        200,
        &json!({"message": "This is protected test data", "user_id": user}),
    );
}

#[tokio::test]
async fn the_scheme_is_case_insensitive() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let response = with_authorization(&app, &format!("{scheme} {}", tokens.access)).await;
        response.assert_status(200);
    }
}

#[tokio::test]
async fn a_request_without_a_bearer_token_is_unauthenticated() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.get(TEST_DATA).await.assert_error(&NOT_AUTHENTICATED);
    for value in [
        "",
        "Basic dG9tOnRvbQ==",
        &tokens.access,
        &format!("Token {}", tokens.access),
    ] {
        with_authorization(&app, value)
            .await
            .assert_error(&NOT_AUTHENTICATED);
    }
    let in_query = format!("{TEST_DATA}?access_token={}", tokens.access);
    app.get(&in_query).await.assert_error(&NOT_AUTHENTICATED);
}

#[tokio::test]
async fn a_malformed_token_is_invalid() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let too_long = format!("{}{}", tokens.access, "A".repeat(8000));
    for token in [
        "x",
        ".",
        "..",
        "a.b.c",
        "e30.e30.e30",
        &tokens.refresh,
        &too_long,
    ] {
        app.test_data(token)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn a_modified_token_is_invalid() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let parts: Vec<_> = tokens.access.split('.').collect();
    let mut changed = claims(&tokens.access);
    changed["role"] = json!("ADMIN");
    let forged = signed(&changed);
    let payload = forged.split('.').nth(1).expect("a token has claims");
    for token in [
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{payload}.{}", parts[0], parts[2]),
        format!("{}.", tokens.access),
    ] {
        app.test_data(&token)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn missing_or_wrong_claims_are_invalid() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let good = legacy_claims(&user);
    app.test_data(&signed(&good)).await.assert_status(200);
    for (claim, value) in [
        ("sub", Value::Null),
        ("sub", json!("tom@example.com")),
        ("sub", json!(5)),
        ("sub", json!("00000000-0000-4000-8000-000000000000")),
        ("exp", Value::Null),
        ("exp", json!(unix_now() - 60)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!((unix_now() + 600).to_string())),
        ("type", Value::Null),
        ("type", json!("refresh")),
        ("type", json!("reset")),
        ("type", json!(["access"])),
        ("iss", json!("somebody else")),
        ("sid", json!("00000000-0000-4000-8000-000000000000")),
        ("sid", json!("nope")),
        ("iat", json!(unix_now() + 3600)),
        ("nbf", json!(unix_now() + 3600)),
    ] {
        let mut claims = good.clone();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("claims").remove(claim)),
            value => claims[claim] = value,
        }
        let response = app.test_data(&signed(&claims)).await;
        assert_eq!(response.status, 401, "{claims}");
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn half_a_minute_of_clock_skew_is_tolerated() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let mut claims = legacy_claims(&user);
    claims["iat"] = json!(unix_now() + 20);
    app.test_data(&signed(&claims)).await.assert_status(200);
    claims["exp"] = json!(unix_now() - 10);
    app.test_data(&signed(&claims)).await.assert_status(200);
}

#[tokio::test]
async fn a_token_cannot_choose_its_algorithm_or_key() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let claims = legacy_claims(&user);
    for (key, header) in [
        (SECRET_KEY, json!({"alg": "none", "typ": "JWT"})),
        (SECRET_KEY, json!({"alg": "HS512", "typ": "JWT"})),
        (SECRET_KEY, json!({"alg": "RS256", "typ": "JWT"})),
        (SECRET_KEY, json!({"alg": "hs256", "typ": "JWT"})),
        (SECRET_KEY, json!({"typ": "JWT"})),
        ("", json!({"alg": "HS256", "typ": "JWT"})),
        (
            "x",
            json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}}),
        ),
        (
            "x",
            json!({"alg": "HS256", "jku": "http://127.0.0.1:1/", "kid": "../../dev/null"}),
        ),
    ] {
        let token = signed_with(key, &header, &claims);
        app.test_data(&token)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
    let unsigned = signed_with("", &json!({"alg": "none"}), &claims);
    let (unsigned, _) = unsigned.rsplit_once('.').expect("a token has a signature");
    app.test_data(&format!("{unsigned}."))
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_legacy_token_with_the_same_key_is_valid_until_it_expires() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let mut claims = legacy_claims(&user);
    let response = app.test_data(&signed(&claims)).await;
    assert_eq!(response.assert_status(200).field("user_id"), user);
    claims["exp"] = json!(unix_now() - 60);
    app.test_data(&signed(&claims))
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_password_reset_ends_a_legacy_token_for_good() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let token = signed(&legacy_claims(&user));
    app.test_data(&token).await.assert_status(200);
    let reset_token = app.reset_token(1).await;
    let reset = app.reset_password(&reset_token, "battery staple 2").await;
    reset.assert_status(200);
    app.test_data(&token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.forgot_password(EMAIL).await.assert_status(202);
    app.test_data(&token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_token_signed_with_another_key_is_invalid() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let claims = legacy_claims(&user);
    let token = signed_with(&"x".repeat(40), &header, &claims);
    app.test_data(&token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    let theirs = Setup::new()
        .with("secret_key", &"x".repeat(40))
        .spawn()
        .await;
    theirs
        .test_data(&signed(&claims))
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn the_token_of_a_deleted_user_is_invalid() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let tokens = app.tokens_of_tom().await;
    app.change("DELETE FROM users");
    for token in [tokens.access, signed(&legacy_claims(&user))] {
        app.test_data(&token)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn a_token_is_only_valid_for_the_user_of_its_session() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let ann = registration_of("ann@example.com", "ann");
    let ann = app.register(&ann).await.assert_status(201).field("id");
    let mut claims = claims(&tokens.access);
    claims["sub"] = json!(ann);
    app.test_data(&signed(&claims))
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}
