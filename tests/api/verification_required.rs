//! Verification as a condition of the first login.

use serde_json::json;
use uuid::Uuid;

use crate::helpers::api_error::{INCORRECT_CREDENTIALS, INVALID_VERIFICATION_TOKEN};
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::cookies::OWN_PAGE;
use crate::helpers::flows::{
    EMAIL, PASSWORD, USERNAME, WRONG, code_in, registration, registration_of, token_in,
};
use crate::helpers::response::Response;
use crate::helpers::time::{SOON, eventually};

const SUBJECT: &str = "Verify your email address";

async fn spawn() -> App {
    spawn_app_with("email_verification", "required").await
}

/// Asserts that the login is refused until the address is verified. Returns the verification.
#[track_caller]
fn assert_unverified(response: &Response) -> String {
    let mut body = response.assert_status(403).json();
    let verification = body["verification_id"].take();
    assert_eq!(
        body,
        json!({
            "detail": "Verify your email address to log in",
            "error_code": "EMAIL_NOT_VERIFIED",
            "verification_id": null,
        })
    );
    assert_eq!(response.header("www-authenticate"), None);
    assert_eq!(response.header("set-cookie"), None);
    verification.as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn the_first_login_needs_a_verified_address() {
    let app = spawn().await;
    app.register(&registration()).await.assert_status(201);
    let first = app.mail_to(EMAIL, SUBJECT).await;
    for username in [EMAIL, USERNAME] {
        assert_unverified(&app.login(username, PASSWORD).await);
    }
    assert_unverified(&Response::to(app.login_into_cookies(&OWN_PAGE)).await);
    assert_eq!(app.count("sessions"), 0);
    app.verify_email(&token_in(&first))
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    app.all_mail_sent().await;
    // The newest mail need not arrive last: one that it replaces may still be on its way.
    let mut accepted = 0;
    for mail in app.mail_provider.received() {
        let response = app.verify_email(&token_in(&mail)).await;
        accepted += usize::from(response.status == 200);
    }
    assert_eq!(accepted, 1);
    app.tokens_of_tom().await;
}

#[tokio::test]
async fn the_refused_login_names_the_verification_for_the_code_in_its_mail() {
    let app = spawn().await;
    app.register_tom().await;
    app.all_mail_sent().await;
    app.mail_provider.clear();
    let verification = assert_unverified(&app.login(EMAIL, PASSWORD).await);
    let code = code_in(&app.mail_to(EMAIL, SUBJECT).await);
    app.verify_code(&verification, &code)
        .await
        .assert_status(200);
    app.tokens_of_tom().await;
}

#[tokio::test]
async fn a_wrong_password_or_a_disabled_user_is_told_nothing() {
    let app = spawn().await;
    app.register_tom().await;
    app.all_mail_sent().await;
    app.mail_provider.clear();
    app.login(EMAIL, WRONG)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    app.change("UPDATE users SET disabled_at = '2026-01-01 00:00:00'");
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    assert_eq!(app.count("outbox"), 0);
    assert_eq!(app.mail_provider.received().len(), 0);
}

#[tokio::test]
async fn refused_logins_send_three_mails_and_never_lock_the_user_out() {
    let setup = Setup::new().with("email_verification", "required");
    let app = setup.with("throttle", "on").spawn().await;
    app.register_tom().await;
    let mut last = String::new();
    for number in 0..15 {
        let verification = assert_unverified(&app.login(EMAIL, PASSWORD).await);
        if number >= 3 {
            assert_eq!(verification, last, "the newest mail still counts");
        }
        last = verification;
    }
    app.all_mail_sent().await;
    let received = app.mail_provider.received();
    assert_eq!(received.len(), 4, "one of the registration, three others");
    let code = code_in(received.last().expect("a mail"));
    app.verify_code(&last, &code).await.assert_status(200);
    app.tokens_of_tom().await;
}

#[tokio::test]
async fn a_password_reset_is_enough() {
    let app = spawn().await;
    app.register_tom().await;
    app.all_mail_sent().await;
    let token = app.next_reset_token(EMAIL).await;
    app.reset_password(&token, PASSWORD)
        .await
        .assert_status(200);
    app.tokens_of_tom().await;
}

#[tokio::test]
async fn users_from_before_log_in_and_do_not_count_as_verified() {
    for mode in ["off", "optional"] {
        let mut app = spawn_app_with("email_verification", mode).await;
        app.register_tom().await;
        app.set("email_verification", "required");
        app.restart().await;
        let tokens = app.tokens_of_tom().await;
        let session = app.session(&tokens.access).await;
        assert_eq!(session.json()["email_verified"], false, "{mode}");
    }
}

#[tokio::test]
async fn a_user_who_was_let_in_meanwhile_is_not_locked_out_again() {
    let mut app = spawn().await;
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    app.set("email_verification", "optional");
    app.restart().await;
    app.tokens_of_tom().await;
    app.set("email_verification", "required");
    app.restart().await;
    app.tokens_of_tom().await;
    assert_unverified(&app.login("ann", PASSWORD).await);
}

#[tokio::test]
async fn a_user_who_does_not_verify_is_deleted_after_a_week() {
    let mut app = spawn().await;
    for (number, sql) in [
        (1, "datetime('now', '-6 days')"),
        (3, "datetime('now', '-8 days')"),
        (2, "datetime('now', '-7 days', '-1 minute')"),
    ] {
        let name = format!("user{number}");
        app.register(&registration_of(&format!("{name}@example.com"), &name))
            .await
            .assert_status(201);
        if number == 3 {
            let mail = app.mail_to("user3@example.com", SUBJECT).await;
            app.verify_email(&token_in(&mail)).await.assert_status(200);
        }
        app.change(&format!(
            "UPDATE users SET created_at = {sql} WHERE username = '{name}'"
        ));
    }
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    let is_deleted = async || (app.count("users") == 2).then_some(());
    eventually("the second user is deleted", SOON, is_deleted).await;
    let left = "SELECT group_concat(username) FROM users";
    assert_eq!(app.value::<String>(left), "user1,user3");
    let pseudonymous = "SELECT count(*) FROM events WHERE action = 'user.deleted' \
                        AND user_id NOT IN (SELECT id FROM users)";
    assert_eq!(app.value::<i64>(pseudonymous), 1);
    assert_eq!(app.count("email_verifications"), 1);
    // Free again.
    app.register(&registration_of("user2@example.com", "user2"))
        .await
        .assert_status(201);
}

#[tokio::test]
async fn nobody_is_deleted_while_verification_is_not_required() {
    let mut app = spawn().await;
    app.register_tom().await;
    app.change("UPDATE users SET created_at = '2026-01-01 00:00:00'");
    app.set("email_verification", "optional");
    app.restart().await;
    // Its deletion shows that the work between requests is done.
    app.change("INSERT INTO throttle VALUES ('long past', 0)");
    app.get("/health/ready").await.assert_status(200);
    let is_done = async || (app.count("throttle") == 0).then_some(());
    eventually("the work between requests is done", SOON, is_done).await;
    assert_eq!(app.count("users"), 1);
    app.tokens_of_tom().await;
}

#[tokio::test]
async fn extra_fields_of_a_registration_verify_nothing() {
    let app = spawn().await;
    let mut body = registration();
    for field in ["email_verified", "email_verified_at", "must_verify"] {
        body[field] = json!(0);
    }
    app.register(&body).await.assert_status(201);
    assert_unverified(&app.login(EMAIL, PASSWORD).await);
}

#[tokio::test]
async fn the_response_to_a_registration_names_the_verification() {
    for mode in ["optional", "required"] {
        let app = spawn_app_with("email_verification", mode).await;
        let id = app.register(&registration()).await.field("verification_id");
        let pending: String = app.value("SELECT id FROM email_verifications");
        assert_eq!(Uuid::parse_str(&id), Uuid::parse_str(&pending));
    }
    let off = spawn_app().await;
    let response = off.register(&registration()).await.json();
    assert_eq!(response.get("verification_id"), None);
}
