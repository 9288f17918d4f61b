//! Password reset: from the link in the mail to the new password.

use serde_json::{Value, json};

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN,
};
use crate::helpers::app::spawn_app;
use crate::helpers::flows::{EMAIL, FORGOT_PASSWORD, PASSWORD, RESET_PASSWORD, Tokens, token_in};
use crate::helpers::response::Response;
use crate::helpers::validation::{bad_email, broken_rule, missing, not_a_string, secret};

const NEW_PASSWORD: &str = "battery staple 2";

fn link_sent() -> Value {
    json!({"message": "If the email exists, a reset link has been sent."})
}

fn password_reset() -> Value {
    json!({"message": "Password has been reset successfully"})
}

#[tokio::test]
async fn the_token_in_the_mail_resets_the_password() {
    let app = spawn_app().await;
    app.register_tom().await;
    let response = app.forgot_password(EMAIL).await;
    response.assert_json(202, &link_sent());
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
async fn an_unknown_address_gets_the_same_response_as_a_known_one_and_no_mail() {
    let app = spawn_app().await;
    app.register_tom().await;
    let unknown = app.forgot_password("ann@example.com").await;
    let known = app.forgot_password(EMAIL).await;
    known.assert_json(202, &link_sent());
    unknown.assert_json(202, &link_sent());
    let names = |response: &Response| response.headers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    let mail = app.mail(1).await;
    assert_eq!(mail.json()["to"], json!([EMAIL]));
    assert_eq!(app.mail_provider.received().len(), 1);
    assert_eq!(app.count("password_reset_tokens"), 1);
}

#[tokio::test]
async fn the_address_is_case_insensitive_and_the_mail_goes_to_the_stored_one() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.forgot_password("TOM@Example.Com")
        .await
        .assert_status(202);
    assert_eq!(app.mail(1).await.json()["to"], json!([EMAIL]));
}

#[tokio::test]
async fn a_reset_ends_all_sessions_and_starts_none() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = app.tokens_of_tom().await;
    let token = app.reset_token(1).await;
    let response = app.reset_password(&token, NEW_PASSWORD).await;
    response.assert_json(200, &password_reset());
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
async fn a_reset_that_races_a_refresh_leaves_no_session_alive() {
    let app = spawn_app().await;
    app.register_tom().await;
    for round in 1..=10 {
        let tokens = app.tokens_of_tom().await;
        let reset_token = app.reset_token(2 * round - 1).await;
        let (refreshed, reset) = tokio::join!(
            app.refresh(&tokens.refresh),
            app.reset_password(&reset_token, PASSWORD),
        );
        reset.assert_status(200);
        app.mail(2 * round).await;
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        if refreshed.status == 200 {
            let next = Tokens::of(&refreshed);
            app.test_data(&next.access)
                .await
                .assert_error(&INVALID_ACCESS_TOKEN);
            app.refresh(&next.refresh)
                .await
                .assert_error(&INVALID_REFRESH_TOKEN);
        } else {
            refreshed.assert_error(&INVALID_REFRESH_TOKEN);
        }
    }
}

#[tokio::test]
async fn requesting_a_link_ends_no_session_and_changes_no_password() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.reset_token(1).await;
    app.test_data(&tokens.access).await.assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn an_invalid_email_address_is_rejected() {
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
async fn all_invalid_fields_are_named_and_never_echoed() {
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
