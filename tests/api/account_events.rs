//! What happened to an account, as its user sees it.

use serde_json::{Value, json};

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, NOT_AUTHENTICATED};
use crate::helpers::app::{App, spawn_app, spawn_app_with};
use crate::helpers::flows::{EVENTS, PASSWORD, Tokens, registration_of};
use crate::helpers::time::{SOON, eventually};

/// Events that are older than their retention, in the test of it.
const OLD_EVENTS: &str = "events WHERE detail ->> '$.reason' <= 2500";

/// Inserts events of Tom, of which the first is the oldest.
fn add_events(app: &App, count: u32) {
    let statement = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                     INSERT INTO events (at, actor, action, user_id, network, request_id, detail) \
                     SELECT unixepoch() - 1000 + i, u.id, 'test.event', u.id, 'a network', 'a request', \
                     json_object('reason', i, 'private', 'a secret') \
                     FROM n, users u WHERE u.email = 'tom@example.com'";
    let added = app.database().execute(statement, [count]);
    assert_eq!(added, Ok(count as usize));
}

#[tokio::test]
async fn a_user_sees_the_newest_events_first_and_only_the_public_part() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.rename(&tokens.access, "Tommy").await.assert_status(200);
    let response = app.get_as(EVENTS, &tokens.access).await;
    let page = response.assert_status(200).json();
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(page["next_cursor"], Value::Null);
    let items = page["items"].as_array().expect("a list");
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["action"], "username.changed");
    assert_eq!(items[0]["detail"], json!({"old": "Tom", "new": "Tommy"}));
    assert_eq!(items[1]["action"], "session.created");
    assert_eq!(items[1]["detail"]["method"], "password");
    assert_eq!(items[2]["action"], "user.registered");
    add_events(&app, 1);
    let text = app.get_as(EVENTS, &tokens.access).await.text;
    for hidden in ["private", "a network", "a request", "actor"] {
        assert!(!text.contains(hidden), "{text}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    add_events(&app, 124);
    let mut path = EVENTS.to_owned();
    let mut ids = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let page = app
            .get_as(&path, &tokens.access)
            .await
            .assert_status(200)
            .json();
        let items = page["items"].as_array().expect("a list");
        ids.extend(items.iter().map(|item| item["id"].as_i64().expect("an id")));
        sizes.push(items.len());
        // New events do not shift the next pages.
        app.tokens_of_tom().await;
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{EVENTS}?cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(sizes, [50, 50, 26]);
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
}

#[tokio::test]
async fn a_malformed_cursor_is_refused() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for cursor in [
        "",
        "x",
        "-1",
        "0",
        "+1",
        "1.5",
        "01",
        "1%20",
        "1e3",
        "9223372036854775808",
        "%ff",
    ] {
        let response = app
            .get_as(&format!("{EVENTS}?cursor={cursor}"), &tokens.access)
            .await;
        response.assert_status(422);
        let error = &response.json()["detail"][0];
        assert_eq!(error["loc"], json!(["query", "cursor"]), "{cursor}");
        assert_eq!(error["type"], "string_pattern_mismatch", "{cursor}");
    }
    let long = format!("{EVENTS}?cursor={}", "x".repeat(8000));
    let response = app.get_as(&long, &tokens.access).await;
    assert!(response.assert_status(422).text.len() < 2000);
}

#[tokio::test]
async fn no_user_sees_events_of_another() {
    let app = spawn_app().await;
    let tom = app.log_tom_in().await;
    let eve = registration_of("eve@example.com", "eve");
    app.register(&eve).await.assert_status(201);
    let eve = Tokens::of(&app.login("eve", PASSWORD).await);
    for _ in 0..2 {
        app.tokens_of_tom().await;
    }
    let newest = i64::MAX / 10;
    let page = app
        .get_as(&format!("{EVENTS}?cursor={newest}"), &eve.access)
        .await;
    let page = page.assert_status(200).json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    let toms = app.get_as(EVENTS, &tom.access).await.json();
    assert_eq!(toms["items"].as_array().map(Vec::len), Some(4));
    app.get(EVENTS).await.assert_error(&NOT_AUTHENTICATED);
    app.get_as(EVENTS, "a.b.c")
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn an_event_has_its_time() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change("UPDATE events SET at = 1795347987");
    let page = app.get_as(EVENTS, &tokens.access).await.json();
    assert_eq!(page["items"][0]["at"], "2026-11-22T11:46:27Z");
}

/// Sends the first probe to a new server, which deletes a batch after it.
async fn assert_batch_deleted(app: &mut App, left: i64) {
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    let is_deleted = async || (app.count(OLD_EVENTS) == left).then_some(());
    eventually("a batch is deleted", SOON, is_deleted).await;
}

#[tokio::test]
async fn events_are_deleted_in_batches_once_they_are_older_than_the_setting_and_not_before() {
    let mut app = spawn_app_with("events_days", "30").await;
    app.log_tom_in().await;
    // Ends the work after the requests so far.
    app.restart().await;
    add_events(&app, 2600);
    app.change(
        "UPDATE events SET at = unixepoch() - 30 * 86400 + \
         CASE WHEN detail ->> '$.reason' <= 2500 THEN -1 ELSE 3600 END",
    );
    let newer = app.count("events") - 2500;
    for left in [1500, 500, 0] {
        assert_batch_deleted(&mut app, left).await;
    }
    assert_eq!(app.count("events"), newer);
    let tokens = app.tokens_of_tom().await;
    let page = app.get_as(EVENTS, &tokens.access).await.json();
    assert_eq!(page["items"][1]["detail"]["reason"], 2600);
}
