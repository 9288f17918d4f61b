//! A change of address, from the request to the new mailbox to the notice in the old one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INCORRECT_PASSWORD, INVALID_RESET_TOKEN, INVALID_VERIFICATION_TOKEN,
    NOT_AUTHENTICATED,
};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{
    CHANGE_EMAIL, CHANGE_PASSWORD, EMAIL, NOT_ME, PASSWORD, Tokens, WRONG, code_in, link_in,
    registration_of, token_in,
};
use crate::helpers::response::Response;
use crate::helpers::tally::rounds;
use crate::helpers::validation::{missing, not_a_string, secret};
use crate::security::account_races;

const NEW: &str = "tom@example.org";
const ANN: &str = "ann@example.com";
const CONFIRM: &str = "Confirm your new email address";
const TAKEN: &str = "You already have an account with this address";
const CHANGED: &str = "Your email address was changed";

/// The response without its id.
#[track_caller]
fn assert_accepted(response: &Response) -> String {
    let mut body = response.assert_status(202).json();
    let id = body["verification_id"].take();
    let message =
        "A mail has been sent to the new address. Your address changes when you verify it.";
    assert_eq!(body, json!({"message": message, "verification_id": null}));
    id.as_str().expect("an id").to_owned()
}

/// Requests the change to `new`. Returns the token in the mail.
async fn token_for(app: &App, tokens: &Tokens, new: &str) -> String {
    assert_accepted(&app.change_email(&tokens.access, new, PASSWORD).await);
    token_in(&app.mail_to(new, CONFIRM).await)
}

async fn register_ann(app: &App) -> Tokens {
    let registered = app.register(&registration_of(ANN, "ann")).await;
    registered.assert_status(201);
    Tokens::of(&app.login(ANN, PASSWORD).await)
}

fn address_of(app: &App, username: &str) -> String {
    app.value(&format!(
        "SELECT email FROM users WHERE username = '{username}'"
    ))
}

#[tokio::test]
async fn the_address_changes_when_the_new_one_is_verified() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let response = app.change_email(&tokens.access, "Tom@Example.ORG", PASSWORD);
    assert_accepted(&response.await);
    let token = token_in(&app.mail_to(NEW, CONFIRM).await);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    app.login(NEW, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);

    app.verify_email(&token).await.assert_status(200);

    app.login(NEW, PASSWORD).await.assert_status(200);
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    let session = app.session(&tokens.access).await.json();
    assert_eq!(session["email"], NEW);
    assert_eq!(session["email_verified"], true);
    app.verify_email(&token)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
}

#[tokio::test]
async fn the_code_of_the_mail_changes_it_too() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let response = app.change_email(&tokens.access, NEW, PASSWORD).await;
    let verification = assert_accepted(&response);
    let code = code_in(&app.mail_to(NEW, CONFIRM).await);
    app.verify_code(&verification, &code)
        .await
        .assert_status(200);
    assert_eq!(address_of(&app, "Tom"), NEW);
}

#[tokio::test]
async fn the_old_address_is_told_with_a_link_that_brings_it_back() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let token = token_for(&app, &tokens, NEW).await;
    app.verify_email(&token).await.assert_status(200);
    let notice = app.mail_to(EMAIL, CHANGED).await;
    assert_eq!(link_in(&notice).path(), "/auth/not-me");
    for part in ["text", "html"] {
        let body = notice.json()[part].as_str().expect("a body").to_owned();
        assert!(body.contains(EMAIL) && body.contains(NEW), "{body}");
    }
    let not_me = json!({"token": token_in(&notice)});
    app.post(NOT_ME, &not_me).await.assert_status(200);
    assert_eq!(address_of(&app, "Tom"), EMAIL);
    app.test_data(&tokens.access).await.assert_status(401);
    app.login(NEW, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    let detail: String = app.value("SELECT detail FROM events WHERE action = 'email.changed'");
    let detail: Value = serde_json::from_str(&detail).expect("JSON");
    assert_eq!(detail, json!({"old": EMAIL, "new": NEW}));
}

#[tokio::test]
async fn a_thief_cannot_change_the_address_again_after_the_owner_has_secured_the_account() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let token = token_for(&app, &tokens, NEW).await;
    app.verify_email(&token).await.assert_status(200);
    let second = token_for(&app, &tokens, "thief@example.net").await;
    let notice = app.mail_to(EMAIL, CHANGED).await;
    let not_me = json!({"token": token_in(&notice)});
    app.post(NOT_ME, &not_me).await.assert_status(200);
    app.verify_email(&second)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert_eq!(address_of(&app, "Tom"), EMAIL);
}

#[tokio::test]
async fn a_password_reset_ends_a_pending_change() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let token = token_for(&app, &tokens, NEW).await;
    let reset = app.next_reset_token(EMAIL).await;
    app.reset_password(&reset, PASSWORD)
        .await
        .assert_status(200);
    app.verify_email(&token)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert_eq!(address_of(&app, "Tom"), EMAIL);
}

#[tokio::test]
async fn a_change_of_the_password_ends_a_pending_change() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let token = token_for(&app, &tokens, NEW).await;
    let body = json!({"current_password": PASSWORD, "new_password": "battery staple 2"});
    let request = app.request(Method::POST, CHANGE_PASSWORD).json(&body);
    let response = Response::to(request.bearer_auth(&tokens.access)).await;
    response.assert_status(200);
    app.verify_email(&token)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert_eq!(address_of(&app, "Tom"), EMAIL);
}

#[tokio::test]
async fn nothing_in_the_old_mailbox_works_after_the_change() {
    let app = Setup::new().with("email_verification", "optional");
    let app = app.spawn().await;
    let tokens = app.log_tom_in().await;
    let first = token_in(&app.mail_to(EMAIL, "Verify your email address").await);
    let change = token_for(&app, &tokens, NEW).await;
    let reset = app.next_reset_token(EMAIL).await;
    app.verify_email(&change).await.assert_status(200);
    app.verify_email(&first)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    app.reset_password(&reset, "battery staple 2")
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    assert_eq!(address_of(&app, "Tom"), NEW);
}

#[tokio::test]
async fn a_taken_address_gets_the_same_response_and_its_owner_a_mail() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    register_ann(&app).await;
    let response = app.change_email(&tokens.access, ANN, PASSWORD).await;
    let verification = assert_accepted(&response);
    let mail = app.mail_to(ANN, TAKEN).await;
    let text = mail.json()["text"].as_str().expect("a text").to_owned();
    assert!(
        text.contains("Hello ann") && !text.contains("Tom"),
        "{text}"
    );
    assert_eq!(link_in(&mail).path(), "/auth/login");
    app.all_mail_sent().await;
    assert_eq!(app.mail_provider.received().len(), 1);
    app.verify_code(&verification, "12345678")
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert_eq!(address_of(&app, "Tom"), EMAIL);
}

#[tokio::test]
async fn the_current_password_is_needed() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change_email(&tokens.access, NEW, WRONG)
        .await
        .assert_error(&INCORRECT_PASSWORD);
    let body = json!({"new_email": NEW, "current_password": PASSWORD});
    app.post(CHANGE_EMAIL, &body)
        .await
        .assert_error(&NOT_AUTHENTICATED);
    app.logout(&tokens.refresh).await.assert_status(204);
    let refused = app.change_email(&tokens.access, NEW, PASSWORD).await;
    refused.assert_status(401);
    assert_eq!(app.count("email_verifications"), 0);
    assert_eq!(app.mail_provider.received().len(), 0);
}

#[tokio::test]
async fn guesses_at_the_current_password_count_like_failed_logins() {
    let app = Setup::new().with("throttle", "on").spawn().await;
    let tokens = app.log_tom_in().await;
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(app.change_email(&tokens.access, NEW, WRONG).await.status);
    }
    assert_eq!(statuses, [403; 10]);
    app.login(EMAIL, PASSWORD).await.assert_status(429);
}

#[tokio::test]
async fn a_new_request_replaces_the_one_before_it() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let first = token_for(&app, &tokens, NEW).await;
    let second = token_for(&app, &tokens, "tom@example.net").await;
    app.verify_email(&first)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    app.verify_email(&second).await.assert_status(200);
    assert_eq!(address_of(&app, "Tom"), "tom@example.net");
}

#[tokio::test]
async fn a_user_requests_five_changes_at_once_and_an_address_gets_three_mails() {
    let app = Setup::new().with("throttle", "on").spawn().await;
    let tokens = app.log_tom_in().await;
    for _ in 0..5 {
        assert_accepted(&app.change_email(&tokens.access, NEW, PASSWORD).await);
    }
    let sixth = app.change_email(&tokens.access, NEW, PASSWORD).await;
    sixth.assert_status(429);
    app.all_mail_sent().await;
    let received = app.mail_provider.received().len();
    assert!((1..=3).contains(&received), "{received}");
}

#[tokio::test]
async fn of_many_users_who_change_to_one_address_one_wins() {
    account_races::changes_to_one_address(rounds() / 2)
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn a_reset_that_races_a_request_leaves_no_change_pending() {
    account_races::change_of_address_and_reset(rounds() / 2)
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn all_invalid_fields_are_named_and_no_password_is_echoed() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for (body, errors) in [
        (
            json!({}),
            vec![
                missing("new_email", json!({})),
                missing("current_password", json!({})),
            ],
        ),
        (
            json!({"new_email": 1, "current_password": ["x"]}),
            vec![
                not_a_string("new_email", json!(1)),
                secret(not_a_string("current_password", Value::Null)),
            ],
        ),
    ] {
        let request = app.request(Method::POST, CHANGE_EMAIL).json(&body);
        let response = Response::to(request.bearer_auth(&tokens.access)).await;
        response.assert_invalid(&errors);
    }
    let refused = app.change_email(&tokens.access, "nope", PASSWORD).await;
    refused.assert_status(422);
    assert!(!refused.text.contains(PASSWORD));
}
