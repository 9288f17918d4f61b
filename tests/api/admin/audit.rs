//! The audit log.

use serde_json::Value;

use crate::helpers::admin::{AUDIT, Administration, administration};
use crate::helpers::flows::EMAIL;

/// Adds 2,500 events of Tom.
const MANY_EVENTS: &str = "WITH RECURSIVE number(n) AS ( \
     SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2500) \
     INSERT INTO events (at, actor, action, user_id, detail) \
     SELECT n, 'system', iif(n = 1, 'test.first', 'test.event'), id, '{}' \
     FROM number, users WHERE username = 'Tom'";

/// All pages of the log: the events, and the number of pages.
async fn all(it: &Administration, query: &str) -> (Vec<Value>, usize) {
    it.all_pages(&format!("{AUDIT}?{query}")).await
}

#[tokio::test]
async fn every_action_tells_who_did_it_to_whom_when_and_by_which_request() {
    let it = administration().await;
    let response = it.disable(&it.tom_id).await;
    let request_id = response.header("x-request-id").expect("an id").to_owned();
    let event = it.newest_event_of_tom().await;
    assert_eq!(event["action"], "user.disabled");
    assert_eq!(event["actor"], it.ann_id.as_str());
    assert_eq!(event["user_id"], it.tom_id.as_str());
    assert_eq!(event["request_id"], request_id.as_str());
    assert!(event["at"].as_str().expect("a time").ends_with('Z'));
    let network: Option<String> = it
        .app
        .value("SELECT network FROM events WHERE action = 'user.disabled'");
    assert!(network.is_some());
}

#[tokio::test]
async fn the_log_is_filtered_by_user_and_action() {
    let it = administration().await;
    it.app.access_token(EMAIL).await;
    it.disable(&it.tom_id).await.assert_status(200);
    let actions = async |query: String| it.listed(&format!("{AUDIT}?{query}"), "action").await;
    let of_tom = format!("user={}", it.tom_id);
    assert_eq!(
        actions(of_tom.clone()).await,
        [
            "user.disabled",
            "session.revoked",
            "session.created",
            "user.registered"
        ]
    );
    assert_eq!(
        actions("action=session.created".into()).await,
        ["session.created", "session.created"]
    );
    assert_eq!(
        actions("action=user.disabled".into()).await,
        ["user.disabled"]
    );
    let both = format!("{of_tom}&action=session.created");
    assert_eq!(actions(both).await, ["session.created"]);
    assert!(actions("action=no.such".into()).await.is_empty());
    assert!(actions("action=%27".into()).await.is_empty());
    let nobody = "user=00000000-0000-4000-8000-000000000000";
    assert!(actions(nobody.into()).await.is_empty());
}

#[tokio::test]
async fn pages_have_every_event_once_and_examine_a_bounded_number() {
    let it = administration().await;
    it.app.change(MANY_EVENTS);
    let all_events = it.app.count("events") as usize;
    let of_tom = format!("user={}", it.tom_id);
    for (query, events) in [
        ("limit=100".to_owned(), all_events),
        ("action=test.event&limit=100".to_owned(), 2499),
        (format!("{of_tom}&limit=100"), 2501),
        (format!("{of_tom}&action=test.event&limit=99"), 2499),
    ] {
        let (mut found, _) = all(&it, &query).await;
        found.sort_by_key(|event| event["id"].as_i64());
        found.dedup();
        assert_eq!(found.len(), events, "{query}");
    }
    // By the index of the action, or through the events of the user.
    let (found, pages) = all(&it, "action=test.first").await;
    assert_eq!((found.len(), pages), (1, 1));
    let (found, pages) = all(&it, &format!("{of_tom}&action=test.first")).await;
    assert_eq!((found.len(), pages), (1, 3));
}

#[tokio::test]
async fn a_cursor_goes_on_in_the_log_that_issued_it_alone() {
    let it = administration().await;
    let page = it.get(&format!("{AUDIT}?limit=1")).await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let path = format!("{AUDIT}?cursor={cursor}");
    it.get(&path).await.assert_status(200);
    it.get(&format!("{path}&action=user.deleted"))
        .await
        .assert_status(422);
    it.get(&format!("/api/v1/admin/users?cursor={cursor}"))
        .await
        .assert_status(422);
    for query in [
        "user=tom",
        "cursor=7",
        "limit=1000",
        &format!("action={}", "x".repeat(65)),
    ] {
        it.get(&format!("{AUDIT}?{query}")).await.assert_status(422);
    }
}
