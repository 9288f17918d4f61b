//! Verification of addresses by a link or a code in a mail.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::api_error::INVALID_VERIFICATION_TOKEN;
use crate::helpers::app::{App, SECRET_KEY, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, PASSWORD, REGISTER, RESEND_VERIFICATION, USERNAME, VERIFY_EMAIL, code_in, link_in,
    registration, registration_of, token_in,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Received;
use crate::helpers::tally::rounds;
use crate::helpers::time::{SOON, eventually};
use crate::helpers::validation::{bad_email, missing, no_body, not_a_string, secret};
use crate::security::races;

const SUBJECT: &str = "Verify your email address";
const UNKNOWN: &str = "nobody@example.com";
const IS_VERIFIED: &str = "SELECT email_verified_at IS NOT NULL FROM users WHERE username = 'Tom'";

async fn spawn() -> App {
    spawn_app_with("email_verification", "optional").await
}

/// Registers Tom. Returns the verification and its mail.
async fn register(app: &App) -> (String, Received) {
    let response = app.register(&registration()).await;
    let verification = response.assert_status(201).field("verification_id");
    (verification, app.mail_to(EMAIL, SUBJECT).await)
}

fn is_verified(app: &App) -> bool {
    app.value(IS_VERIFIED)
}

fn verified() -> Value {
    json!({"message": "Your email address is verified"})
}

/// A code other than this one.
fn other_than(code: &str) -> String {
    let first = code.as_bytes()[0] - b'0';
    format!("{}{}", (first + 1) % 10, &code[1..])
}

#[tokio::test]
async fn by_default_a_new_user_gets_a_mail_and_may_log_in_without_it() {
    let setup = Setup::new().without("email_verification");
    let app = setup.spawn().await;
    let (_, mail) = register(&app).await;
    assert_eq!(mail.json()["to"], json!([EMAIL]));
    assert!(!is_verified(&app));
    app.tokens_of_tom().await;
    app.verify_email(&token_in(&mail))
        .await
        .assert_json(200, &verified());
    assert!(is_verified(&app));
    app.tokens_of_tom().await;
}

#[tokio::test]
async fn without_verification_no_mail_is_sent_and_the_response_is_as_ever() {
    let app = spawn_app().await;
    let response = app.register(&registration()).await;
    assert_eq!(
        response.assert_status(201).json().get("verification_id"),
        None
    );
    app.resend_verification(EMAIL).await.assert_status(202);
    assert_eq!(app.count("outbox"), 0);
    assert_eq!(app.count("email_verifications"), 0);
    assert_eq!(app.count("events"), 1);
}

#[tokio::test]
async fn the_registration_and_its_verification_are_events_of_the_user() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    app.verify_email(&token_in(&mail)).await.assert_status(200);
    let events = "SELECT group_concat(action || ' ' || (actor = user_id) || ' ' || detail, ', ') \
                  FROM (SELECT * FROM events ORDER BY id)";
    assert_eq!(
        app.value::<String>(events),
        "user.registered 1 {}, email.verified 1 {}"
    );
}

#[tokio::test]
async fn the_mail_has_the_link_the_code_and_how_long_they_are_valid() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    let (link, code) = (link_in(&mail), code_in(&mail));
    assert_eq!(link.path(), "/auth/verify-email");
    let mail = mail.json();
    for part in ["text", "html"] {
        let body = mail[part].as_str().expect("a body");
        for expected in [USERNAME, &code, "24 hours", "10 minutes"] {
            assert!(body.contains(expected), "{expected} is missing from {body}");
        }
    }
}

#[tokio::test]
async fn the_code_verifies_the_address_whatever_spaces_are_in_it() {
    let app = spawn().await;
    let (verification, mail) = register(&app).await;
    let code = code_in(&mail);
    let spaced = format!(" {} {} ", &code[..4], &code[4..]);
    app.verify_code(&verification, &spaced)
        .await
        .assert_json(200, &verified());
    assert!(is_verified(&app));
    app.verify_code(&verification, &code)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
}

#[tokio::test]
async fn opening_the_link_verifies_nothing() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    let token = token_in(&mail);
    for path in [VERIFY_EMAIL, "/auth/verify-email"] {
        let opened = app.request(Method::GET, &format!("{path}?token={token}"));
        opened.send().await.expect("a response");
    }
    assert!(!is_verified(&app));
    app.verify_email(&token).await.assert_status(200);
}

#[tokio::test]
async fn of_twenty_parallel_verifications_one_succeeds() {
    races::verifications_with_one_token(rounds().min(5))
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn after_five_wrong_codes_the_right_one_is_wrong_too_and_the_link_still_works() {
    let app = spawn().await;
    let (verification, mail) = register(&app).await;
    let code = code_in(&mail);
    for _ in 0..5 {
        app.verify_code(&verification, &other_than(&code))
            .await
            .assert_error(&INVALID_VERIFICATION_TOKEN);
    }
    app.verify_code(&verification, &code)
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert!(!is_verified(&app));
    app.verify_email(&token_in(&mail)).await.assert_status(200);
}

#[tokio::test]
async fn parallel_guesses_get_five_tries_in_all() {
    let app = spawn().await;
    let (verification, mail) = register(&app).await;
    let wrong = other_than(&code_in(&mail));
    let guesses = join_all((0..30).map(|_| app.verify_code(&verification, &wrong))).await;
    for guess in guesses {
        guess.assert_error(&INVALID_VERIFICATION_TOKEN);
    }
    let tries: i64 = app.value("SELECT tries FROM email_verifications");
    assert_eq!(tries, 5);
}

#[tokio::test]
async fn a_link_is_valid_for_a_day_and_a_code_for_ten_minutes() {
    let app = spawn().await;
    let (verification, mail) = register(&app).await;
    app.change("UPDATE email_verifications SET created_at = created_at - 601");
    app.verify_code(&verification, &code_in(&mail))
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    app.change("UPDATE email_verifications SET created_at = created_at - 85500");
    app.verify_email(&token_in(&mail)).await.assert_status(200);
}

#[tokio::test]
async fn a_link_expires_after_a_day() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    app.change("UPDATE email_verifications SET created_at = created_at - 86401");
    app.verify_email(&token_in(&mail))
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert!(!is_verified(&app));
}

#[tokio::test]
async fn a_forged_token_or_an_unknown_verification_is_refused_without_a_write() {
    let app = spawn().await;
    let (verification, mail) = register(&app).await;
    let token = token_in(&mail);
    let mut changed = token.clone();
    changed.replace_range(3..4, if &token[3..4] == "A" { "B" } else { "A" });
    for wrong in [
        "",
        "none",
        &changed,
        &token[1..],
        &"A".repeat(64),
        "\u{17c}",
    ] {
        app.verify_email(wrong)
            .await
            .assert_error(&INVALID_VERIFICATION_TOKEN);
    }
    let unknown = Uuid::new_v4().to_string();
    for (verification, code) in [
        (unknown.as_str(), code_in(&mail).as_str()),
        (&verification, ""),
        (&verification, "\u{661}2345678"),
    ] {
        app.verify_code(verification, code)
            .await
            .assert_error(&INVALID_VERIFICATION_TOKEN);
    }
    assert!(!is_verified(&app));
}

#[tokio::test]
async fn a_new_mail_replaces_the_one_before_it() {
    let app = spawn().await;
    let (first, first_mail) = register(&app).await;
    app.all_mail_sent().await;
    app.mail_provider.clear();
    let second = app.resend_verification("TOM@Example.com").await;
    let second = second.assert_status(202).field("verification_id");
    let mail = app.mail_to(EMAIL, SUBJECT).await;
    for refused in [
        app.verify_email(&token_in(&first_mail)).await,
        app.verify_code(&first, &code_in(&first_mail)).await,
    ] {
        refused.assert_error(&INVALID_VERIFICATION_TOKEN);
    }
    app.verify_code(&second, &code_in(&mail))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_verified_disabled_or_unknown_user_gets_no_further_mail() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    app.verify_email(&token_in(&mail)).await.assert_status(200);
    let ann = registration_of("ann@example.com", "ann");
    app.register(&ann).await.assert_status(201);
    app.change("UPDATE users SET disabled_at = '2026-01-01 00:00:00' WHERE username = 'ann'");
    app.all_mail_sent().await;
    app.mail_provider.clear();
    for email in [EMAIL, "ann@example.com", UNKNOWN] {
        let response = app.resend_verification(email).await;
        let mut body = response.assert_status(202).json();
        let id = body["verification_id"].take();
        assert!(Uuid::parse_str(id.as_str().expect("an id")).is_ok());
        let message = "If the email address still has to be verified, a mail has been sent.";
        assert_eq!(body, json!({"message": message, "verification_id": null}));
    }
    assert_eq!(app.count("outbox"), 0);
    assert_eq!(app.mail_provider.received().len(), 0);
}

#[tokio::test]
async fn a_disabled_user_cannot_verify() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    app.change("UPDATE users SET disabled_at = '2026-01-01 00:00:00'");
    app.verify_email(&token_in(&mail))
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
    assert!(!is_verified(&app));
}

#[tokio::test]
async fn a_password_reset_verifies_the_address_and_ends_the_verification() {
    let app = spawn().await;
    let (_, mail) = register(&app).await;
    app.mail_provider.clear();
    let token = app.reset_token(1).await;
    app.reset_password(&token, PASSWORD)
        .await
        .assert_status(200);
    assert!(is_verified(&app));
    app.verify_email(&token_in(&mail))
        .await
        .assert_error(&INVALID_VERIFICATION_TOKEN);
}

#[tokio::test]
async fn links_and_codes_survive_one_rotation_of_the_key() {
    for by_code in [false, true] {
        let mut app = spawn().await;
        let (verification, mail) = register(&app).await;
        let verify = async |app: &App| {
            if by_code {
                app.verify_code(&verification, &code_in(&mail)).await
            } else {
                app.verify_email(&token_in(&mail)).await
            }
        };
        app.set("secret_key", "the third secret key of the tests, as long");
        app.restart().await;
        verify(&app).await.assert_error(&INVALID_VERIFICATION_TOKEN);
        app.set("secret_key_previous", SECRET_KEY);
        app.restart().await;
        verify(&app).await.assert_json(200, &verified());
    }
}

#[tokio::test]
async fn mails_are_in_the_language_of_the_request() {
    let app = spawn().await;
    let request = app.request(Method::POST, REGISTER).json(&registration());
    Response::to(request.header("accept-language", "pl"))
        .await
        .assert_status(201);
    let mail = app.mail_to(EMAIL, "Potwierdź swój adres e-mail").await;
    let text = mail.json()["text"].as_str().expect("a text").to_owned();
    assert!(
        text.contains("24\u{a0}h") && text.contains("10\u{a0}min"),
        "{text}"
    );
}

#[tokio::test]
async fn expired_verifications_are_deleted() {
    let mut app = spawn().await;
    register(&app).await;
    app.change("UPDATE email_verifications SET created_at = created_at - 86401");
    // A new instance looks for work after its first probe.
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    let is_deleted = async || (app.count("email_verifications") == 0).then_some(());
    eventually("the verification is deleted", SOON, is_deleted).await;
    assert_eq!(app.count("users"), 1);
}

#[tokio::test]
async fn all_invalid_fields_are_named_and_never_echoed() {
    let app = spawn().await;
    let id = Uuid::nil().to_string();
    for (body, errors) in [
        (json!({}), vec![missing("token", json!({}))]),
        (
            json!({"token": null}),
            vec![not_a_string("token", Value::Null)],
        ),
        (
            json!({"token": ["x"]}),
            vec![secret(not_a_string("token", Value::Null))],
        ),
        (
            json!({"verification_id": id}),
            vec![missing("code", json!({"verification_id": id}))],
        ),
        (
            json!({"token": null, "code": "12345678"}),
            vec![missing("verification_id", json!({"token": null}))],
        ),
        (
            json!({"verification_id": id, "code": 12345678}),
            vec![secret(not_a_string("code", Value::Null))],
        ),
    ] {
        app.post(VERIFY_EMAIL, &body).await.assert_invalid(&errors);
    }
    let bad_id = json!({"verification_id": "no", "code": "12345678"});
    let refused = app.post(VERIFY_EMAIL, &bad_id).await;
    let refused = refused.assert_status(422).json();
    assert_eq!(refused["detail"][0]["type"], "uuid_parsing");
    assert!(!refused.to_string().contains("12345678"));
    let no_at = bad_email("An email address must have an @-sign.", "nope");
    app.post(RESEND_VERIFICATION, &json!({"email": "nope"}))
        .await
        .assert_invalid(&[no_at]);
    let empty = app.request(Method::POST, RESEND_VERIFICATION);
    Response::to(empty).await.assert_invalid(&[no_body()]);
}
