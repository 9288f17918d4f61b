//! Users whom administrators keep out, for good or for some time.

use serde_json::{Value, json};

use crate::helpers::admin::{Administration, administration, user_path};
use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN};
use crate::helpers::flows::{EMAIL, EVENTS, PASSWORD, Tokens};
use crate::helpers::time::{SOON, eventually};
use crate::helpers::validation::broken_rule;

/// Asserts that nothing works any more that Tom had: his session, and the link to reset his password.
async fn assert_ended(it: &Administration, tom: &Tokens, reset: &str) {
    it.app
        .test_data(&tom.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    it.app
        .refresh(&tom.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    let response = it.app.reset_password(reset, "battery staple 2").await;
    response.assert_error(&INVALID_RESET_TOKEN);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_in_every_way() {
    let it = administration().await;
    let tom = it.app.tokens_of_tom().await;
    let reset = it.app.next_reset_token(EMAIL).await;
    let disabled = it.disable(&it.tom_id).await;
    let disabled = disabled.assert_status(200).json();
    assert_eq!(disabled["status"], "disabled");
    assert_eq!(disabled["disabled_reason"], "Spam");
    assert!(disabled["disabled_at"].is_string());
    assert_eq!(disabled["disabled_until"], Value::Null);

    assert_ended(&it, &tom, &reset).await;
    it.assert_tom_is_out().await;
}

#[tokio::test]
async fn an_enabled_user_logs_in_again_but_what_has_ended_stays_ended() {
    let it = administration().await;
    let tom = it.app.tokens_of_tom().await;
    let reset = it.app.next_reset_token(EMAIL).await;
    it.disable(&it.tom_id).await.assert_status(200);
    let enabled = it.enable(&it.tom_id).await.assert_status(200).json();
    assert_eq!(enabled["status"], "unverified");
    assert_eq!(enabled["disabled_reason"], Value::Null);
    assert_ended(&it, &tom, &reset).await;
    it.app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn enabling_a_user_who_is_not_disabled_is_no_event() {
    let it = administration().await;
    it.enable(&it.tom_id).await.assert_status(200);
    assert_eq!(it.app.count("events WHERE action = 'user.enabled'"), 0);
    it.disable(&it.tom_id).await.assert_status(200);
    for _ in 0..2 {
        it.enable(&it.tom_id).await.assert_status(200);
    }
    assert_eq!(it.app.count("events WHERE action = 'user.enabled'"), 1);
}

#[tokio::test]
async fn a_second_disabling_changes_the_reason_and_the_end_but_not_the_beginning() {
    let it = administration().await;
    it.disable(&it.tom_id).await.assert_status(200);
    it.app
        .change("UPDATE users SET disabled_at = 1700000000 WHERE username = 'Tom'");
    let body = json!({"reason": "  More spam ", "until": "2099-01-01T00:00:00+01:00"});
    let path = user_path(&it.tom_id, "/disable");
    let disabled = it.post(&path, &body).await.assert_status(200).json();
    assert_eq!(disabled["disabled_at"], "2023-11-14T22:13:20Z");
    assert_eq!(disabled["disabled_until"], "2098-12-31T23:00:00Z");
    assert_eq!(disabled["disabled_reason"], "More spam");
    it.disable(&it.tom_id).await.assert_status(200);
    let shown = it.get(&user_path(&it.tom_id, "")).await.json();
    assert_eq!(shown["disabled_until"], Value::Null);
}

#[tokio::test]
async fn a_login_after_the_end_enables_the_user() {
    let it = administration().await;
    let body = json!({"reason": "Spam", "until": "2099-01-01T00:00:00Z"});
    let path = user_path(&it.tom_id, "/disable");
    it.post(&path, &body).await.assert_status(200);
    it.assert_tom_is_out().await;
    it.app
        .change("UPDATE users SET disabled_until = unixepoch() WHERE username = 'Tom'");
    it.app.login(EMAIL, PASSWORD).await.assert_status(200);
    let events = "events WHERE action = 'user.enabled' AND actor = 'system'";
    assert_eq!(it.app.count(events), 1);
    let shown = it.get(&user_path(&it.tom_id, "")).await.json();
    assert_eq!(shown["status"], "unverified");
}

#[tokio::test]
async fn the_work_between_requests_enables_users_whose_end_has_come() {
    let mut it = administration().await;
    it.disable(&it.tom_id).await.assert_status(200);
    it.app
        .change("UPDATE users SET disabled_until = unixepoch() WHERE username = 'Tom'");
    it.app.restart().await;
    it.app.get("/health/ready").await.assert_status(200);
    let is_enabled =
        async || (it.app.count("users WHERE disabled_at IS NOT NULL") == 0).then_some(());
    eventually("the user is enabled", SOON, is_enabled).await;
}

#[tokio::test]
async fn the_reason_is_for_administrators_alone() {
    let it = administration().await;
    it.disable(&it.tom_id).await.assert_status(200);
    let event = it.newest_event_of_tom().await;
    assert_eq!(event["action"], "user.disabled");
    assert_eq!(event["detail"]["disabled_reason"], "Spam");
    it.enable(&it.tom_id).await.assert_status(200);
    let tom = it.app.access_token(EMAIL).await;
    let seen = it.app.get_as(EVENTS, &tom).await;
    assert!(seen.text.contains("user.disabled"), "{}", seen.text);
    assert!(!seen.text.contains("Spam"), "{}", seen.text);
    assert!(!seen.text.contains(&it.ann_id), "{}", seen.text);
}

#[tokio::test]
async fn a_reason_is_required_and_an_end_is_in_the_future() {
    let it = administration().await;
    let path = user_path(&it.tom_id, "/disable");
    it.post(&path, &json!({})).await.assert_status(422);
    for (field, value, message) in [
        ("reason", " ".to_owned(), "The reason must not be empty."),
        (
            "reason",
            "ż".repeat(501),
            "The reason cannot be longer than 500 characters.",
        ),
        (
            "until",
            "2020-01-01T00:00:00Z".to_owned(),
            "The time must be in the future.",
        ),
        (
            "until",
            "2099-01-01".to_owned(),
            "The time must be in RFC 3339, such as 2027-11-22T11:46:27Z.",
        ),
    ] {
        let mut body = json!({"reason": "Spam"});
        body[field] = value.as_str().into();
        let response = it.post(&path, &body).await;
        response.assert_status(422);
        let error = &response.json()["detail"][0];
        let expected = broken_rule(field, message, value.into());
        assert_eq!(error["msg"], expected["msg"]);
        assert_eq!(error["loc"], json!(["body", field]));
    }
    assert_eq!(it.app.count("users WHERE disabled_at IS NOT NULL"), 0);
    let body = json!({"reason": "ż".repeat(500)});
    it.post(&path, &body).await.assert_status(200);
}

#[tokio::test]
async fn no_login_survives_a_disabling_at_the_same_time() {
    let it = administration().await;
    for _ in 0..10 {
        let (login, disabled) = tokio::join!(it.app.login(EMAIL, PASSWORD), it.disable(&it.tom_id));
        disabled.assert_status(200);
        if login.status == 200 {
            let token = login.field("access_token");
            it.app
                .test_data(&token)
                .await
                .assert_error(&INVALID_ACCESS_TOKEN);
        }
        let sessions = format!("sessions WHERE user_id = '{}'", it.tom_id);
        assert_eq!(it.app.count(&sessions), 0);
        it.enable(&it.tom_id).await.assert_status(200);
    }
}

#[tokio::test]
async fn no_link_is_sent_to_a_disabled_user() {
    let it = administration().await;
    it.disable(&it.tom_id).await.assert_status(200);
    let path = user_path(&it.tom_id, "/send-password-reset");
    let response = it.post(&path, &json!({})).await;
    assert_eq!(
        response.assert_status(409).field("error_code"),
        "USER_IS_DISABLED"
    );
    assert_eq!(it.app.count("outbox"), 0);
}
