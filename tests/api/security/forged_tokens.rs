//! Forged access tokens are rejected without an outbound request.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha512;

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN};
use crate::helpers::app::{App, SECRET_KEY, spawn_app};
use crate::helpers::time::unix_now;
use crate::helpers::token::{claims, legacy_claims, signed, signed_with};

/// Makes tokens without a session newer than the last change of their user.
const LONG_AGO: &str = "UPDATE users SET updated_at = datetime('now', '-1 day')";
/// A key that the attacker tries to pass in the token.
const FOREIGN_KEY: &str = "a key that the forger knows very well";

fn encoded(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// Signs claims with our key, but with an algorithm other than the configured one.
fn signed_by_hs512(claims: &Value) -> String {
    let content = format!(
        "{}.{}",
        encoded(r#"{"alg":"HS512"}"#),
        encoded(claims.to_string())
    );
    let mac = Hmac::<Sha512>::new_from_slice(SECRET_KEY.as_bytes()).expect("any key");
    let signature = mac.chain_update(&content).finalize().into_bytes();
    format!("{content}.{}", encoded(signature))
}

/// Headers that choose another algorithm, or contain or reference a key.
fn forged_headers(stub: &str) -> Vec<(&'static str, Value)> {
    let jwk = json!({"kty": "oct", "alg": "HS256", "k": encoded(FOREIGN_KEY)});
    vec![
        (SECRET_KEY, json!({"alg": "none"})),
        (SECRET_KEY, json!({"alg": "None"})),
        (SECRET_KEY, json!({"alg": "HS384"})),
        (SECRET_KEY, json!({"alg": "RS256"})),
        (SECRET_KEY, json!({"alg": "ES256"})),
        (SECRET_KEY, json!({"alg": ["HS256"]})),
        (SECRET_KEY, json!({"alg": ""})),
        (SECRET_KEY, json!({})),
        (FOREIGN_KEY, json!({"alg": "HS256", "jwk": jwk})),
        (
            FOREIGN_KEY,
            json!({"alg": "HS256", "jku": format!("{stub}/jwks.json")}),
        ),
        (
            FOREIGN_KEY,
            json!({"alg": "HS256", "x5u": format!("{stub}/cert.pem")}),
        ),
        (
            FOREIGN_KEY,
            json!({"alg": "HS256", "x5c": [encoded(FOREIGN_KEY)]}),
        ),
        (
            FOREIGN_KEY,
            json!({"alg": "HS256", "kid": "../../../../dev/null"}),
        ),
        (
            FOREIGN_KEY,
            json!({"alg": "HS256", "kid": "' UNION SELECT 'key' --"}),
        ),
        ("", json!({"alg": "HS256", "kid": "/dev/null"})),
        ("", json!({"alg": "HS256"})),
    ]
}

/// Wrong claims, for tokens that are signed with our key.
fn wrong_claims(good: &Value) -> Vec<Value> {
    let with = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        claims
    };
    let without = |claim: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("claims").remove(claim);
        claims
    };
    vec![
        without("exp"),
        with("exp", json!((unix_now() + 600).to_string())),
        with("exp", json!(-1)),
        with("exp", json!(-1e300)),
        with("exp", json!(1e300)),
        with("exp", json!(u64::MAX)),
        with("exp", json!(unix_now() - 3600)),
        with("exp", json!([unix_now() + 600])),
        with("exp", json!(true)),
        with("exp", Value::Null),
        without("sub"),
        with("sub", json!("00000000-0000-4000-8000-000000000000")),
        with("sub", json!("' OR '1'='1")),
        with("sub", json!([good["sub"]])),
        without("type"),
        with("type", json!("refresh")),
        with("type", json!("reset")),
        with("type", json!("ACCESS")),
        with("iss", json!("https://evil.example.com")),
        with("iss", json!("")),
        with("sid", json!("00000000-0000-4000-8000-000000000000")),
        with("iat", json!(unix_now() + 3600)),
        with("nbf", json!(unix_now() + 3600)),
    ]
}

async fn assert_refused(app: &App, token: &str) {
    let response = app.test_data(token).await;
    let readable = token
        .split('.')
        .map(|part| BASE64_URL_SAFE_NO_PAD.decode(part));
    let readable: Vec<_> = readable
        .map(|part| String::from_utf8_lossy(&part.unwrap_or_default()).into_owned())
        .collect();
    assert_eq!(response.status, 401, "{readable:?}");
    response.assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_token_cannot_choose_its_algorithm_or_key() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    app.change(LONG_AGO);
    let good = legacy_claims(&user);
    let issued = claims(&app.tokens_of_tom().await.access);
    for claims in [&good, &issued] {
        app.test_data(&signed(claims)).await.assert_status(200);
        for (key, header) in forged_headers(app.captcha.url()) {
            let token = signed_with(key, &header, claims);
            assert_refused(&app, &token).await;
            let (unsigned, _) = token.rsplit_once('.').expect("a token has a signature");
            assert_refused(&app, &format!("{unsigned}.")).await;
            assert_refused(&app, unsigned).await;
        }
        assert_refused(&app, &signed_by_hs512(claims)).await;
    }
    assert_no_request_was_sent(&app);
}

fn assert_no_request_was_sent(app: &App) {
    // The only request is for the one registration.
    assert_eq!(app.captcha.received().len(), 1);
    assert!(app.mail_provider.received().is_empty());
}

#[tokio::test]
async fn wrong_claims_are_rejected_despite_a_valid_signature() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    app.change(LONG_AGO);
    let issued = claims(&app.tokens_of_tom().await.access);
    for good in [legacy_claims(&user), issued] {
        for claims in wrong_claims(&good) {
            assert_refused(&app, &signed(&claims)).await;
        }
    }
    for text in [json!([]), json!("claims"), json!(null), json!(1)] {
        assert_refused(&app, &signed(&text)).await;
    }
    assert_no_request_was_sent(&app);
}

#[tokio::test]
async fn each_kind_of_token_is_only_valid_for_its_purpose() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    let tokens = app.tokens_of_tom().await;
    let reset = app.reset_token(1).await;
    let mut refresh_claims = legacy_claims(&user);
    refresh_claims["type"] = json!("refresh");
    for token in [&tokens.refresh, &reset, &signed(&refresh_claims)] {
        assert_refused(&app, token).await;
    }
    for token in [&tokens.access, &reset, &signed(&refresh_claims)] {
        app.refresh(token)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    for token in [&tokens.access, &tokens.refresh] {
        app.reset_password(token, "battery staple 2")
            .await
            .assert_status(400);
    }
    app.test_data(&tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn no_token_survives_the_deletion_of_its_user() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.adopt();
    app.change(LONG_AGO);
    let tokens = app.tokens_of_tom().await;
    let reset = app.reset_token(1).await;
    app.change("DELETE FROM users");
    assert_refused(&app, &tokens.access).await;
    assert_refused(&app, &signed(&legacy_claims(&user))).await;
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.reset_password(&reset, "battery staple 2")
        .await
        .assert_status(400);
}
