//! What administrators change: role and plan, the address, sessions, and whether there is a user.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::admin::{ANN, Administration, administration, user_path};
use crate::helpers::api_error::{
    EMAIL_TAKEN, INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, NOT_FOUND,
};
use crate::helpers::app::App;
use crate::helpers::flows::{EMAIL, EVENTS, ME, PASSWORD, registration, reset_token_in, token_in};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// The changes of a user, with a body.
fn changes() -> [(Method, &'static str, Value); 8] {
    [
        (Method::GET, "", json!(null)),
        (Method::PATCH, "", json!({})),
        (Method::DELETE, "", json!(null)),
        (Method::POST, "/disable", json!({"reason": "Spam"})),
        (Method::POST, "/enable", json!({})),
        (Method::POST, "/verify-email", json!({})),
        (Method::POST, "/send-password-reset", json!({})),
        (Method::DELETE, "/sessions", json!(null)),
    ]
}

fn role_of_tom(app: &App) -> String {
    app.value(
        "SELECT account_role || ' ' || account_subscription || ' ' || \
               coalesce(subscription_expires_at, '-') FROM users WHERE username = 'Tom'",
    )
}

#[tokio::test]
async fn what_is_done_to_an_unknown_user_is_not_found() {
    let it = administration().await;
    for (method, rest, body) in changes() {
        for id in [NOBODY, "tom", "1"] {
            let path = user_path(id, rest);
            let response = it.app.send_as(method.clone(), &path, &it.ann, &body).await;
            response.assert_error(&NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn role_and_plan_change_and_what_is_absent_stays() {
    let it = administration().await;
    let end = "2030-01-31T12:00:00Z";
    let body = json!({"account_subscription": "PRO", "subscription_expires_at": end});
    let changed = it.patch(&it.tom_id, &body).await;
    let changed = changed.assert_status(200).json();
    assert_eq!(changed["account_subscription"], "PRO");
    assert_eq!(changed["subscription_expires_at"], end);
    assert_eq!(role_of_tom(&it.app), "REGULAR PRO 2030-01-31 12:00:00");

    let body = json!({"account_role": "MODERATOR"});
    it.patch(&it.tom_id, &body).await.assert_status(200);
    assert_eq!(role_of_tom(&it.app), "MODERATOR PRO 2030-01-31 12:00:00");

    let body = json!({"account_subscription": "FREE", "subscription_expires_at": null});
    it.patch(&it.tom_id, &body).await.assert_status(200);
    assert_eq!(role_of_tom(&it.app), "MODERATOR FREE -");
    it.patch(&it.tom_id, &json!({})).await.assert_status(200);
    assert_eq!(role_of_tom(&it.app), "MODERATOR FREE -");
}

#[tokio::test]
async fn each_changed_field_is_an_event_that_the_user_sees_too() {
    let it = administration().await;
    let body = json!({"account_role": "MODERATOR", "account_subscription": "PRO"});
    it.patch(&it.tom_id, &body).await.assert_status(200);
    it.patch(&it.tom_id, &body).await.assert_status(200);
    let event = it.newest_event_of_tom().await;
    assert_eq!(event["action"], "user.updated");
    assert_eq!(event["actor"], it.ann_id.as_str());
    let detail = json!({"field": "account_subscription", "old": "FREE", "new": "PRO"});
    assert_eq!(event["detail"], detail);
    let tom = it.app.access_token(EMAIL).await;
    let events = it.app.get_as(EVENTS, &tom).await.json();
    let updates = events["items"].as_array().expect("a list").iter();
    let updates = updates.filter(|event| event["action"] == "user.updated");
    assert_eq!(updates.count(), 2);
}

#[tokio::test]
async fn values_that_no_user_can_have_are_refused_and_change_nothing() {
    let it = administration().await;
    for (field, value) in [
        ("account_role", json!("KING")),
        ("account_role", json!("admin")),
        ("account_role", json!(["ADMIN"])),
        ("account_subscription", json!("GOLD")),
        ("subscription_expires_at", json!("tomorrow")),
        ("subscription_expires_at", json!(1_900_000_000)),
    ] {
        let body = json!({field: value, "account_subscription": "PRO"});
        let body = if field == "account_subscription" {
            json!({field: value})
        } else {
            body
        };
        it.patch(&it.tom_id, &body).await.assert_status(422);
        assert_eq!(role_of_tom(&it.app), "REGULAR FREE -");
    }
}

#[tokio::test]
async fn fields_that_administrators_do_not_set_are_ignored() {
    let it = administration().await;
    let body = json!({"email": "x@example.com", "password": "chosen by ann 1", "id": NOBODY,
        "hashed_password": "x", "email_verified": true});
    it.patch(&it.tom_id, &body).await.assert_status(200);
    it.app.login(EMAIL, PASSWORD).await.assert_status(200);
    let shown = it.get(&user_path(&it.tom_id, "")).await.json();
    assert_eq!(shown["email"], EMAIL);
    assert_eq!(shown["email_verified"], false);
}

#[tokio::test]
async fn an_administrator_vouches_for_an_address_once() {
    let it = administration().await;
    let path = user_path(&it.tom_id, "/verify-email");
    for _ in 0..2 {
        let verified = it.post(&path, &json!({})).await;
        assert_eq!(verified.assert_status(200).json()["status"], "active");
    }
    let events = "events WHERE action = 'email.verified'";
    assert_eq!(it.app.count(events), 1);
    assert_eq!(it.newest_event_of_tom().await["actor"], it.ann_id.as_str());
}

#[tokio::test]
async fn a_user_chooses_a_password_by_the_link_that_an_administrator_sends() {
    let it = administration().await;
    let path = user_path(&it.tom_id, "/send-password-reset");
    let sent = it.post(&path, &json!({})).await;
    assert_eq!(
        sent.assert_status(202).field("message"),
        "The reset link has been sent."
    );
    it.app.login(EMAIL, PASSWORD).await.assert_status(200);
    let mail = it
        .app
        .mail_to(EMAIL, "Reset Your Password - Action Required")
        .await;
    let token = reset_token_in(&mail).expect("a link");
    assert!(!sent.text.contains(&token));
    let reset = it.app.reset_password(&token, "battery staple 2").await;
    reset.assert_status(200);
    it.app
        .login(EMAIL, "battery staple 2")
        .await
        .assert_status(200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_at_once() {
    let it = administration().await;
    let tom = it.app.tokens_of_tom().await;
    it.app.tokens_of_tom().await;
    let path = user_path(&it.tom_id, "/sessions");
    let listed = it.get(&path).await.assert_status(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    assert_eq!(listed[0]["current"], false);
    let own = it.get(&user_path(&it.ann_id, "/sessions")).await.json();
    assert_eq!(own[0]["current"], true);

    it.delete(&path).await.assert_status(204);
    assert_eq!(it.get(&path).await.json(), json!([]));
    let response = it.app.test_data(&tom.access).await;
    response.assert_error(&INVALID_ACCESS_TOKEN);
    let response = it.app.refresh(&tom.refresh).await;
    response.assert_error(&INVALID_REFRESH_TOKEN);
    let revoked = format!(
        "events WHERE action = 'session.revoked' AND actor = '{}' AND user_id = '{}'",
        it.ann_id, it.tom_id
    );
    assert_eq!(it.app.count(&revoked), 2);
    it.app.login(EMAIL, PASSWORD).await.assert_status(200);
    it.app.get_as(ME, &it.ann).await.assert_status(200);
}

/// The tables that still have rows of Tom, but for events.
fn tables_of_tom(it: &Administration) -> i64 {
    [
        "sessions",
        "known_networks",
        "password_reset_tokens",
        "email_verifications",
    ]
    .map(|table| {
        it.app
            .count(&format!("{table} WHERE user_id = '{}'", it.tom_id))
    })
    .iter()
    .sum()
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_everything_and_the_log_says_who_did_it() {
    let it = administration().await;
    let tom = it.app.tokens_of_tom().await;
    it.delete(&user_path(&it.tom_id, ""))
        .await
        .assert_status(204);
    it.app
        .test_data(&tom.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    let response = it.app.login(EMAIL, PASSWORD).await;
    response.assert_error(&INCORRECT_CREDENTIALS);
    it.get(&user_path(&it.tom_id, ""))
        .await
        .assert_error(&NOT_FOUND);
    assert_eq!(tables_of_tom(&it), 0);
    let named = format!("events WHERE user_id = '{0}' OR actor = '{0}'", it.tom_id);
    assert_eq!(it.app.count(&named), 0);
    let deleted: String = it
        .app
        .value("SELECT actor FROM events WHERE action = 'user.deleted'");
    assert_eq!(deleted, it.ann_id);
    it.app.mail_to(EMAIL, "Your Account Was Deleted").await;
    it.app.register(&registration()).await.assert_status(201);
}

#[tokio::test]
async fn an_administrator_who_deletes_themselves_leaves_no_name_in_the_log() {
    let it = administration().await;
    it.app
        .change("UPDATE users SET account_role = 'ADMIN' WHERE username = 'Tom'");
    it.patch(&it.tom_id, &json!({"account_subscription": "PRO"}))
        .await
        .assert_status(200);
    it.delete(&user_path(&it.ann_id, ""))
        .await
        .assert_status(204);
    let named = format!("events WHERE user_id = '{0}' OR actor = '{0}'", it.ann_id);
    assert_eq!(it.app.count(&named), 0);
    assert_eq!(it.app.count("events WHERE action = 'user.updated'"), 1);
}

#[tokio::test]
async fn twenty_deletions_at_once_delete_once() {
    let it = administration().await;
    let path = user_path(&it.tom_id, "");
    let deletions = (0..20).map(|_| it.delete(&path));
    let responses = futures_util::future::join_all(deletions).await;
    let mut statuses: Vec<_> = responses.iter().map(|it| it.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204);
    assert!(
        statuses[1..].iter().all(|status| *status == 404),
        "{statuses:?}"
    );
    assert_eq!(it.app.count("events WHERE action = 'user.deleted'"), 1);
}

#[tokio::test]
async fn an_address_that_is_taken_cannot_be_invited() {
    let it = administration().await;
    let response = it.post("/api/v1/admin/users", &json!({"email": ANN})).await;
    response.assert_error(&EMAIL_TAKEN);
    let mails = it.app.mail_provider.received();
    assert!(mails.iter().all(|mail| token_in(mail).is_empty()));
}
