//! Forgotten passwords: from the link in the mail to the new password.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::helpers::answer::Answer;
use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN,
};
use crate::helpers::app::{spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, PASSWORD, RESET_PASSWORD, registration_of, token_in,
};
use crate::helpers::validation::{bad_email, broken_rule, missing, not_a_string, secret};

const NEW_PASSWORD: &str = "battery staple 2";

fn link_sent() -> Value {
    json!({"message": "If the email exists, a reset link has been sent."})
}

fn password_reset() -> Value {
    json!({"message": "Password has been reset successfully"})
}

#[tokio::test]
async fn the_token_of_the_mail_replaces_the_password() {
    let app = spawn_app().await;
    app.register_tom().await;
    let answer = app.forgot_password(EMAIL).await;
    answer.assert_json(202, &link_sent());
    let token = token_in(&app.mail(1).await);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_json(200, &password_reset());
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_as_a_known_one_and_no_mail() {
    let app = spawn_app().await;
    app.register_tom().await;
    let unknown = app.forgot_password("ann@example.com").await;
    let known = app.forgot_password(EMAIL).await;
    known.assert_json(202, &link_sent());
    unknown.assert_json(202, &link_sent());
    let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    let mail = app.mail(1).await;
    assert_eq!(mail.json()["to"], json!([EMAIL]));
    assert_eq!(app.mail_provider.received().len(), 1);
    assert_eq!(app.count("password_reset_tokens"), 1);
}

#[tokio::test]
async fn the_address_may_be_written_in_any_case_but_the_mail_goes_to_the_stored_one() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.forgot_password("TOM@Example.Com")
        .await
        .assert_status(202);
    assert_eq!(app.mail(1).await.json()["to"], json!([EMAIL]));
}

#[tokio::test]
async fn a_token_is_good_once() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.reset_password(&token, "another one 3")
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn opening_the_link_does_not_use_the_token_up() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let opened = app
        .get(&format!("/auth/reset-password?token={token}"))
        .await;
    opened.assert_status(404);
    let opened = app.get(&format!("{RESET_PASSWORD}?token={token}")).await;
    opened.assert_status(405);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_refused_password_does_not_use_the_token_up() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, "abc").await.assert_status(422);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_newer_token_replaces_the_older_ones() {
    let app = spawn_app().await;
    app.register_tom().await;
    let first = app.reset_token(1).await;
    let second = app.reset_token(2).await;
    assert_ne!(first, second);
    app.reset_password(&first, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.reset_password(&second, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_token_of_one_user_leaves_those_of_others_alone() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    let toms = app.reset_token(1).await;
    app.forgot_password("ann@example.com")
        .await
        .assert_status(202);
    let anns = token_in(&app.mail(2).await);
    app.reset_password(&toms, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.login("ann", PASSWORD).await.assert_status(200);
    app.reset_password(&anns, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.login("ann", NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.change("UPDATE password_reset_tokens SET expires_at = datetime('now', '-1 second')");
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn a_token_lives_for_as_many_minutes_as_the_settings_say() {
    let app = spawn_app_with("reset_token_expire_minutes", "7").await;
    app.register_tom().await;
    let mail_text = {
        app.forgot_password(EMAIL).await.assert_status(202);
        app.mail(1).await.json()["text"].to_string()
    };
    let lifetime: i64 = app
        .value("SELECT unixepoch(expires_at) - unixepoch(created_at) FROM password_reset_tokens");
    assert_eq!(lifetime, 7 * 60);
    assert!(mail_text.contains("7 minutes"), "{mail_text}");
}

#[tokio::test]
async fn what_is_no_reset_token_is_refused() {
    let app = spawn_app().await;
    app.register_tom().await;
    let tokens = app.tokens_of_tom().await;
    let token = app.reset_token(1).await;
    let stored: String = app.value("SELECT token FROM password_reset_tokens");
    let id: String = app.value("SELECT id FROM password_reset_tokens");
    for wrong in [
        "",
        "nope",
        "żółw",
        "%",
        &stored,
        &id,
        &tokens.access,
        &tokens.refresh,
        &token[1..],
        &format!("{token}A"),
        &format!("{token} "),
        &"A".repeat(100_000),
    ] {
        app.reset_password(wrong, NEW_PASSWORD)
            .await
            .assert_error(&INVALID_RESET_TOKEN);
    }
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_reset_token_opens_nothing_else() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.test_data(&token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_reset_ends_all_sessions_and_begins_none() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = app.tokens_of_tom().await;
    let token = app.reset_token(1).await;
    let answer = app.reset_password(&token, NEW_PASSWORD).await;
    answer.assert_json(200, &password_reset());
    for tokens in [first, second] {
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        app.refresh(&tokens.refresh)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn asking_for_a_link_ends_no_session_and_changes_no_password() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.reset_token(1).await;
    app.test_data(&tokens.access).await.assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn of_many_resets_with_one_token_at_once_one_wins_and_only_its_password_works() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let passwords: Vec<_> = (0..20)
        .map(|number| format!("{NEW_PASSWORD}{number}"))
        .collect();
    let resets = passwords
        .iter()
        .map(|password| app.reset_password(&token, password));
    let answers = join_all(resets).await;
    let (winners, losers): (Vec<_>, Vec<_>) = passwords
        .iter()
        .zip(&answers)
        .partition(|(_, answer)| answer.status == 200);
    assert_eq!(winners.len(), 1);
    for (password, answer) in losers {
        answer.assert_error(&INVALID_RESET_TOKEN);
        app.login(EMAIL, password)
            .await
            .assert_error(&INCORRECT_CREDENTIALS);
    }
    app.login(EMAIL, winners[0].0).await.assert_status(200);
}

#[tokio::test]
async fn what_is_no_email_address_is_refused() {
    let app = spawn_app().await;
    let no_at = bad_email("An email address must have an @-sign.", "nope");
    for (body, error) in [
        (json!({}), missing("email", json!({}))),
        (json!({"email": null}), not_a_string("email", Value::Null)),
        (
            json!({"email": [EMAIL]}),
            not_a_string("email", json!([EMAIL])),
        ),
        (json!({"email": "nope"}), no_at),
    ] {
        app.post(FORGOT_PASSWORD, &body)
            .await
            .assert_invalid(&[error]);
    }
}

#[tokio::test]
async fn fields_that_break_rules_are_all_named_and_never_repeated() {
    let app = spawn_app().await;
    let too_short = "Password must be at least 6 characters long";
    let too_short = secret(broken_rule("new_password", too_short, Value::Null));
    for (body, errors) in [
        (
            json!({}),
            vec![
                missing("token", json!({})),
                missing("new_password", json!({})),
            ],
        ),
        (
            json!({"token": "secret"}),
            vec![missing("new_password", json!({}))],
        ),
        (
            json!({"new_password": "abc"}),
            vec![missing("token", json!({})), too_short.clone()],
        ),
        (
            json!({"token": 5, "new_password": null}),
            vec![
                secret(not_a_string("token", Value::Null)),
                not_a_string("new_password", Value::Null),
            ],
        ),
        (
            json!({"token": "nope", "new_password": "abc"}),
            vec![too_short],
        ),
    ] {
        app.post(RESET_PASSWORD, &body)
            .await
            .assert_invalid(&errors);
    }
}
