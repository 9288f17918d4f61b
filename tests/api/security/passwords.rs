//! Passwords: huge ones are never hashed, and none is truncated, case-folded or trimmed.

use std::time::{Duration, Instant};

use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, USERNAME, registration_with};
use crate::helpers::response::Response;

async fn timed(request: impl Future<Output = Response>) -> (Response, Duration) {
    let start = Instant::now();
    (request.await, start.elapsed())
}

#[tokio::test]
async fn a_password_of_a_megabyte_is_rejected_before_it_is_hashed() {
    let setup = Setup::new().with("argon2_passes", "100");
    let app = setup.spawn().await;
    app.register_tom().await;
    let (_, hashing) = timed(app.login(EMAIL, "wrong password 1")).await;
    let token = app.reset_token(1).await;
    let long = format!("{}1", "a".repeat(1_000_000));
    let responses = [
        (
            422,
            timed(app.register(&registration_with("password", long.as_str()))).await,
        ),
        (401, timed(app.login(EMAIL, &long)).await),
        (401, timed(app.login("nobody", &long)).await),
        (422, timed(app.reset_password(&token, &long)).await),
    ];
    for (status, (response, took)) in responses {
        response.assert_status(status);
        assert!(
            took < hashing / 2,
            "{took:?}, while a hash takes {hashing:?}"
        );
    }
    app.reset_password(&token, PASSWORD)
        .await
        .assert_status(200);
}

async fn assert_only(app: &App, password: &str, others: &[&str]) {
    for other in others {
        let response = app.login(USERNAME, other).await;
        assert_eq!(response.status, 401, "{other:?} instead of {password:?}");
    }
    app.login(USERNAME, password).await.assert_status(200);
}

#[tokio::test]
async fn each_of_a_hundred_characters_matters() {
    let app = spawn_app().await;
    let password = format!("aB1{}", "x".repeat(97));
    let body = registration_with("password", password.as_str());
    app.register(&body).await.assert_status(201);
    let others = [
        &password[..72],
        &password[..99],
        &password.to_lowercase(),
        &password.to_uppercase(),
        &format!("{password} "),
        &format!(" {password}"),
        &format!("{password}\0"),
        &format!("{}y", &password[..99]),
    ];
    assert_only(&app, &password, &others).await;
}

#[tokio::test]
async fn emoji_and_spaces_matter_like_other_characters() {
    let app = spawn_app().await;
    let first = "  caf\u{E9} \u{1F422}\u{200D}1 ";
    let body = registration_with("password", first);
    app.register(&body).await.assert_status(201);
    let composed_otherwise = "  cafe\u{301} \u{1F422}\u{200D}1 ";
    assert_only(
        &app,
        first,
        &[first.trim(), composed_otherwise, "  caf\u{E9} \u{1F422}1 "],
    )
    .await;
    let token = app.reset_token(1).await;
    let second = "a\0b 1\u{1F512}\t";
    app.reset_password(&token, second).await.assert_status(200);
    assert_only(&app, second, &[first, "a", "a\0b 1\u{1F512}"]).await;
}
