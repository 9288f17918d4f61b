//! Registrations with a taken email or username, sequential and concurrent.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::helpers::api_error::{EMAIL_TAKEN, INVALID_CAPTCHA};
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, USERNAME, registration, registration_of};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;

/// Enough concurrent requests to need several instances and contend for the database.
const CROWD: usize = 40;

fn username_taken(suggestion: &str) -> Value {
    json!({
        "detail": {"message": "Username already taken", "suggestion": suggestion},
        "error_code": "USERNAME_TAKEN",
    })
}

/// Registers users with these names.
async fn register_all(app: &App, usernames: &[&str]) {
    for username in usernames {
        let email = format!("{username}@example.com").to_lowercase();
        let response = app.register(&registration_of(&email, username)).await;
        response.assert_status(201);
    }
}

/// Inserts users with these names directly into the database.
fn insert_users(app: &App, names: &[String]) {
    let mut database = app.database();
    let transaction = database.transaction().expect("a transaction");
    for name in names {
        let statement = "INSERT OR IGNORE INTO users (id, username, email, hashed_password, \
                         account_role, account_subscription) \
                         VALUES (?1, ?1, ?1 || '@example.com', '', 'REGULAR', 'FREE')";
        transaction.execute(statement, [name]).expect("a user");
    }
    transaction.commit().expect("a commit");
}

async fn assert_suggested(app: &App, typed: &str, suggestion: &str) {
    let response = app
        .register(&registration_of("late@example.com", typed))
        .await;
    response.assert_json(409, &username_taken(suggestion));
}

#[tokio::test]
async fn an_email_taken_in_another_spelling_gets_a_409() {
    let app = spawn_app().await;
    app.register_tom().await;
    for email in [
        EMAIL,
        "TOM@example.com",
        "tom@EXAMPLE.com",
        "tom@ex\u{FF41}mple.com",
    ] {
        let response = app.register(&registration_of(email, "ann")).await;
        response.assert_error(&EMAIL_TAKEN);
    }
    assert_eq!(app.count("users"), 1);
}

#[tokio::test]
async fn a_name_taken_in_another_case_gets_a_409_with_the_next_free_number() {
    let app = spawn_app().await;
    register_all(&app, &["Tom"]).await;
    for (typed, suggestion) in [("Tom", "Tom1"), ("tom", "tom1"), ("TOM", "TOM1")] {
        assert_suggested(&app, typed, suggestion).await;
    }
    assert_eq!(app.count("users"), 1);
}

#[tokio::test]
async fn the_suggested_number_is_the_smallest_free_one_ignoring_case() {
    let app = spawn_app().await;
    register_all(&app, &["Tom", "TOM1", "tom2", "Tom4", "Tom10"]).await;
    assert_suggested(&app, "Tom", "Tom3").await;
    register_all(&app, &["Tom3"]).await;
    assert_suggested(&app, "tom", "tom5").await;
}

#[tokio::test]
async fn the_smallest_free_number_is_found_up_to_a_hundred() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.add_users("tOm", 100);
    app.change("DELETE FROM users WHERE username = 'tOm97'");
    assert_suggested(&app, "Tom", "Tom97").await;
}

#[tokio::test]
async fn the_search_ends_with_a_ten_character_suffix_when_every_number_that_it_tries_is_taken() {
    let app = spawn_app().await;
    app.register_tom().await;
    let doubled = (0..61).map(|power| 200_u64.wrapping_mul(1 << power));
    let names: Vec<_> = (0..=100)
        .chain(doubled)
        .map(|number| format!("tom{number}"))
        .collect();
    insert_users(&app, &names);
    let suggested = async || {
        let late = registration_of("late@example.com", "tom");
        let response = app.register(&late).await.assert_status(409).json();
        let suggestion = response["detail"]["suggestion"].as_str();
        suggestion.expect("a suggestion").to_owned()
    };
    let suggestion = suggested().await;
    assert_eq!(suggested().await, suggestion);
    assert_eq!(suggestion.len(), "tom".len() + 10);
    app.register(&registration_of("late@example.com", &suggestion))
        .await
        .assert_status(201);
}

#[tokio::test]
async fn a_number_is_appended_to_a_name_that_ends_in_one() {
    let app = spawn_app().await;
    register_all(&app, &["tom1"]).await;
    assert_suggested(&app, "tom1", "tom11").await;
}

#[tokio::test]
async fn a_suggestion_never_exceeds_the_maximum_length() {
    let app = spawn_app().await;
    let longest = "a".repeat(30);
    register_all(&app, &[&longest]).await;
    let first = format!("{}1", "a".repeat(29));
    assert_suggested(&app, &longest, &first).await;
    register_all(&app, &[&first]).await;
    let second = format!("{}2", "a".repeat(29));
    assert_suggested(&app, &longest, &second).await;
}

#[tokio::test]
async fn wildcards_of_a_pattern_are_matched_literally() {
    let app = spawn_app().await;
    register_all(&app, &["a_b", "axb1", "a-b1"]).await;
    assert_suggested(&app, "a_b", "a_b1").await;
}

#[tokio::test]
async fn a_suggestion_can_be_registered() {
    let app = spawn_app().await;
    register_all(&app, &["Tom"]).await;
    let response = app
        .register(&registration_of("late@example.com", "tom"))
        .await;
    let suggestion = response.json()["detail"]["suggestion"].clone();
    let suggestion = suggestion.as_str().expect("a string");
    let response = app
        .register(&registration_of("late@example.com", suggestion))
        .await;
    response.assert_status(201);
}

#[tokio::test]
async fn a_taken_email_is_reported_before_a_taken_name() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration())
        .await
        .assert_error(&EMAIL_TAKEN);
}

#[tokio::test]
async fn a_wrong_captcha_answer_is_reported_before_a_taken_email() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.captcha
        .reply_with(Reply::Json(200, json!({"is_valid": false})));
    app.register(&registration())
        .await
        .assert_error(&INVALID_CAPTCHA);
}

#[tokio::test]
async fn one_of_many_concurrent_registrations_of_an_email_succeeds_and_the_others_get_a_409() {
    let app = spawn_app().await;
    let bodies = (0..CROWD).map(|number| registration_of(EMAIL, &format!("user{number}")));
    let losers = race(&app, bodies).await;
    for loser in losers {
        loser.assert_error(&EMAIL_TAKEN);
    }
    assert_eq!(app.count("users"), 1);
}

#[tokio::test]
async fn one_of_many_concurrent_registrations_of_a_name_succeeds_and_the_others_get_a_409() {
    let app = spawn_app().await;
    let bodies =
        (0..CROWD).map(|number| registration_of(&format!("user{number}@example.com"), USERNAME));
    let losers = race(&app, bodies).await;
    for loser in losers {
        loser.assert_json(409, &username_taken("Tom1"));
    }
    assert_eq!(app.count("users"), 1);
}

/// Sends all registrations concurrently, asserts that one succeeds, and returns the others' responses.
async fn race(app: &App, bodies: impl Iterator<Item = Value>) -> Vec<Response> {
    let bodies: Vec<_> = bodies.collect();
    let responses = join_all(bodies.iter().map(|body| app.register(body))).await;
    let (winners, losers): (Vec<_>, Vec<_>) = responses
        .into_iter()
        .partition(|response| response.status == 201);
    assert_eq!(winners.len(), 1, "{losers:?}");
    losers
}
