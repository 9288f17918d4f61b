//! Lookups of new passwords in Pwned Passwords, and its failures.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::helpers::api_error::INVALID_RESET_TOKEN;
use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{EMAIL, PASSWORD, registration, registration_of, registration_with};
use crate::helpers::response::Response;
use crate::helpers::stub::{Reply, Stub};
use crate::helpers::time::{SOON, eventually};
use crate::helpers::validation::{broken_rule, secret};

const IN_A_BREACH: &str = "This password has appeared in a data breach.";
const NOT_CHECKED: &str = "password not checked for breaches";
/// The SHA-1 of [`PASSWORD`], by another implementation.
const PREFIX: &str = "C797C";
const SUFFIX: &str = "FBD81600DC6C60131AF6835CF3E45B19DCF";
const NEW_PASSWORD: &str = "battery staple 2";
/// A suffix that no password of the tests has.
const OTHER_SUFFIX: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";
/// The check gives up after a second and a half.
const TIMEOUT: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1400)..=Duration::from_secs(5);

/// A list of Pwned Passwords: suffixes with their counts.
fn list(entries: &[(&str, u64)]) -> Reply {
    let lines = entries
        .iter()
        .map(|(suffix, count)| format!("{suffix}:{count}"));
    Reply::List(lines.collect::<Vec<_>>().join("\r\n"))
}

/// A list without a password of the tests.
fn unknown() -> Reply {
    list(&[(OTHER_SUFFIX, 3)])
}

/// A service that asks a stub of Pwned Passwords.
async fn spawn_with(reply: Reply) -> (App, Stub) {
    let pwned = Stub::start(reply).await;
    let setup = Setup::new().with("password_breach_check", "hibp");
    let app = setup
        .with("password_breach_host", pwned.url())
        .spawn()
        .await;
    (app, pwned)
}

#[track_caller]
fn assert_breached(response: &Response, field: &str) {
    response.assert_invalid(&[secret(broken_rule(field, IN_A_BREACH, Value::Null))]);
}

#[tokio::test]
async fn only_the_start_of_the_hash_is_sent_and_the_answer_is_padded() {
    let (app, pwned) = spawn_with(unknown()).await;
    app.register_tom().await;
    let received = pwned.received();
    assert_eq!(received.len(), 1);
    let request = &received[0];
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(request.path, format!("/range/{PREFIX}"));
    assert_eq!(request.header("add-padding"), Some("true"));
    assert_eq!(request.header("user-agent"), Some("gatehouse"));
    assert!(request.body.is_empty());
    let sent = format!("{request:?}").to_uppercase();
    for secret in [SUFFIX, PASSWORD, EMAIL] {
        assert!(!sent.contains(&secret.to_uppercase()), "{sent}");
    }
}

#[tokio::test]
async fn by_default_nothing_is_asked() {
    let pwned = Stub::start(list(&[(SUFFIX, 9)])).await;
    let setup = Setup::new().with("password_breach_host", pwned.url());
    let app = setup.spawn().await;
    app.register_tom().await;
    assert_eq!(pwned.received().len(), 0);
}

#[tokio::test]
async fn a_breached_password_is_refused_at_registration() {
    let lowercase = SUFFIX.to_lowercase();
    for entries in [
        vec![(SUFFIX, 1)],
        vec![
            (OTHER_SUFFIX, 3),
            (SUFFIX, 4_000_000_000),
            (OTHER_SUFFIX, 0),
        ],
        vec![(lowercase.as_str(), 2)],
    ] {
        let (app, _pwned) = spawn_with(list(&entries)).await;
        assert_breached(&app.register(&registration()).await, "password");
        assert_eq!(app.count("users"), 0);
        let another = registration_with("password", NEW_PASSWORD);
        app.register(&another).await.assert_status(201);
    }
}

#[tokio::test]
async fn a_breached_password_is_refused_at_a_reset_and_the_link_stays_valid() {
    let (app, pwned) = spawn_with(unknown()).await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    pwned.reply_with(list(&[(SUFFIX, 1)]));
    assert_breached(&app.reset_password(&token, PASSWORD).await, "new_password");
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(401);
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn padding_and_other_hashes_do_not_count() {
    for entries in [
        vec![(SUFFIX, 0)],
        vec![(OTHER_SUFFIX, 3), (SUFFIX, 0)],
        vec![(OTHER_SUFFIX, 3)],
    ] {
        let (app, _pwned) = spawn_with(list(&entries)).await;
        app.register_tom().await;
        assert!(!app.server.output().contains(NOT_CHECKED));
    }
}

#[tokio::test]
async fn a_long_list_is_read_to_its_end() {
    let mut entries = vec![(OTHER_SUFFIX, 1); 4_000];
    entries.push((SUFFIX, 1));
    let (app, _pwned) = spawn_with(list(&entries)).await;
    assert_breached(&app.register(&registration()).await, "password");
}

#[tokio::test]
async fn a_known_password_still_logs_in() {
    let (app, pwned) = spawn_with(unknown()).await;
    app.register_tom().await;
    pwned.reply_with(list(&[(SUFFIX, 9)]));
    pwned.clear();
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    assert_eq!(pwned.received().len(), 0);
}

#[tokio::test]
async fn without_a_usable_answer_the_password_passes_and_the_log_says_so() {
    let too_long = vec![(SUFFIX, 1); 20_000];
    for (reply, cause) in [
        (Reply::Text(500, ""), "status 500"),
        (Reply::Text(404, ""), "status 404"),
        (Reply::Text(302, ""), "status 302"),
        (Reply::Busy("2"), "status 429"),
        (Reply::Text(200, ""), "not a list"),
        (
            Reply::Text(200, "<html>Just a moment...</html>"),
            "not a list",
        ),
        (Reply::Text(200, "a:b:c"), "not a list"),
        (Reply::List(format!("{SUFFIX}:1\r\n{{}}")), "not a list"),
        (Reply::List(format!("{SUFFIX}:-1")), "not a list"),
        (list(&too_long), "limit"),
    ] {
        let (app, _pwned) = spawn_with(reply).await;
        app.register_tom().await;
        assert_not_checked(&app, cause);
    }
}

#[track_caller]
fn assert_not_checked(app: &App, cause: &str) {
    let output = app.server.output();
    let line = output.lines().find(|line| line.contains(NOT_CHECKED));
    let line = line.unwrap_or_else(|| panic!("no line of the log: {output}"));
    assert!(line.contains(cause), "{line}");
    for secret in [PREFIX, SUFFIX, PASSWORD, EMAIL] {
        assert!(!line.contains(secret), "{line}");
    }
}

#[tokio::test]
async fn a_service_that_refuses_connections_lets_passwords_pass() {
    let (app, mut pwned) = spawn_with(unknown()).await;
    pwned.stop().await;
    app.register_tom().await;
    assert_not_checked(&app, "");
}

#[tokio::test]
async fn a_service_that_takes_longer_than_a_second_and_a_half_lets_passwords_pass() {
    for reply in [Reply::Silence, Reply::Trickle] {
        let (app, _pwned) = spawn_with(reply).await;
        app.get("/health/ready").await.assert_status(200);
        let start = Instant::now();
        app.register_tom().await;
        assert!(TIMEOUT.contains(&start.elapsed()), "{:?}", start.elapsed());
        assert_not_checked(&app, "timed out");
    }
}

#[tokio::test]
async fn the_database_is_free_while_the_service_is_asked() {
    let (app, pwned) = spawn_with(unknown()).await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    pwned.clear();
    pwned.reply_with(Reply::Silence);
    let ann = registration_of("ann@example.com", "ann");
    let asked = async || (pwned.received().len() == 2).then_some(());
    let meanwhile = async {
        eventually("both requests wait", SOON, asked).await;
        app.change("UPDATE users SET updated_at = created_at");
        app.get("/health/ready").await.assert_status(200);
    };
    let (registered, reset, ()) = tokio::join!(
        app.register(&ann),
        app.reset_password(&token, NEW_PASSWORD),
        meanwhile
    );
    registered.assert_status(201);
    reset.assert_status(200);
}

#[tokio::test]
async fn two_resets_that_wait_with_one_token_do_not_both_succeed() {
    let (app, pwned) = spawn_with(unknown()).await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    pwned.reply_with(Reply::Silence);
    let passwords = [NEW_PASSWORD, "another battery 3"];
    let resets = passwords.map(|password| app.reset_password(&token, password));
    let responses = futures_util::future::join_all(resets).await;
    let mut statuses: Vec<_> = responses.iter().map(|it| it.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn what_is_refused_anyway_is_not_looked_up() {
    let (app, pwned) = spawn_with(unknown()).await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    pwned.clear();
    for (field, value, status) in [
        ("password", "abc", 422),
        ("password", "password1", 422),
        ("password", "tom-tom-tom-xyz", 422),
        ("email", "nope", 422),
        ("email", EMAIL, 409),
    ] {
        let mut body = registration_of("ann@example.com", "ann");
        body[field] = value.into();
        app.register(&body).await.assert_status(status);
    }
    app.captcha
        .reply_with(Reply::Json(200, serde_json::json!({"is_valid": false})));
    let ann = registration_of("ann@example.com", "ann");
    app.register(&ann).await.assert_status(400);
    let unknown = "x".repeat(token.len());
    let response = app.reset_password(&unknown, NEW_PASSWORD).await;
    response.assert_error(&INVALID_RESET_TOKEN);
    app.reset_password(&token, "tom 1234")
        .await
        .assert_status(422);
    assert_eq!(pwned.received().len(), 0);
}
