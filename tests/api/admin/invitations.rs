//! Users whom administrators invite.

use serde_json::json;

use crate::helpers::admin::{USERS, administration};
use crate::helpers::api_error::{INCORRECT_CREDENTIALS, INVALID_RESET_TOKEN};
use crate::helpers::flows::{EMAIL, USERNAME, token_in};

const EVE: &str = "eve.jones@example.com";
const PASSWORD: &str = "battery staple 2";

#[tokio::test]
async fn an_invited_user_chooses_the_password_by_the_link_and_is_verified() {
    let it = administration().await;
    let invited = it
        .post(USERS, &json!({"email": "Eve.Jones@Example.com"}))
        .await;
    let invited = invited.assert_status(201).json();
    assert_eq!(invited["email"], EVE);
    assert_eq!(invited["username"], "evejones");
    assert_eq!(invited["status"], "unverified");
    assert_eq!(invited["account_role"], "REGULAR");

    let mail = it.app.mail_to(EVE, "You Are Invited").await;
    let text = mail.json()["text"].as_str().expect("a text").to_owned();
    assert!(text.contains("valid for 7 days"), "{text}");
    let reset = it.app.reset_password(&token_in(&mail), PASSWORD).await;
    reset.assert_status(200);
    it.app.login(EVE, PASSWORD).await.assert_status(200);
    let listed = it.listed(&format!("{USERS}?query=eve"), "status").await;
    assert_eq!(listed, ["active"]);
    let event = "events WHERE action = 'user.invited'";
    assert_eq!(it.app.count(event), 1);
}

#[tokio::test]
async fn no_password_is_right_before_the_invitation_is_accepted() {
    let it = administration().await;
    it.post(USERS, &json!({"email": EVE}))
        .await
        .assert_status(201);
    for password in ["", "void", "password1"] {
        let response = it.app.login(EVE, password).await;
        if password.is_empty() {
            response.assert_status(422);
        } else {
            response.assert_error(&INCORRECT_CREDENTIALS);
        }
    }
}

#[tokio::test]
async fn an_invitation_lasts_a_week_and_a_newer_link_replaces_it() {
    let it = administration().await;
    it.post(USERS, &json!({"email": EVE}))
        .await
        .assert_status(201);
    let mail = it.app.mail_to(EVE, "You Are Invited").await;
    let days: f64 = it.app.value(
        "SELECT julianday(expires_at) - julianday('now') FROM password_reset_tokens LIMIT 1",
    );
    assert!((6.9..7.1).contains(&days), "{days}");
    let newer = it.app.next_reset_token(EVE).await;
    let response = it.app.reset_password(&token_in(&mail), PASSWORD).await;
    response.assert_error(&INVALID_RESET_TOKEN);
    it.app
        .reset_password(&newer, PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_username_is_kept_or_made_of_the_address_and_always_free() {
    let it = administration().await;
    for (body, username) in [
        (
            json!({"email": "a1@example.com", "username": "Eve-1"}),
            "Eve-1",
        ),
        (json!({"email": "tom@example.org"}), "tom1"),
        (json!({"email": "admin@example.org"}), "user1"),
        (json!({"email": "x@example.org"}), "user11"),
        (json!({"email": "o'neil_-_+tag@example.org"}), "oneiltag"),
        (
            json!({"email": format!("{}@example.org", "a".repeat(60))}),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ),
    ] {
        let invited = it.post(USERS, &body).await;
        assert_eq!(invited.assert_status(201).field("username"), username);
    }
}

#[tokio::test]
async fn a_taken_username_is_refused_with_a_suggestion_and_nothing_is_stored() {
    let it = administration().await;
    let body = json!({"email": EVE, "username": USERNAME.to_uppercase()});
    let response = it.post(USERS, &body).await;
    let detail = json!({"message": "Username already taken", "suggestion": "TOM1"});
    let body = json!({"detail": detail, "error_code": "USERNAME_TAKEN"});
    response.assert_json(409, &body);
    assert_eq!(it.app.count("users"), 2);
    assert_eq!(it.app.count("outbox"), 0);
}

#[tokio::test]
async fn invalid_invitations_are_refused() {
    let it = administration().await;
    for body in [
        json!({}),
        json!({"email": "nobody"}),
        json!({"email": EMAIL, "username": "a"}),
        json!({"email": ["eve@example.com"]}),
        json!({"email": "eve@example.com", "username": "admin"}),
    ] {
        it.post(USERS, &body).await.assert_status(422);
    }
    assert_eq!(it.app.count("users"), 2);
}

#[tokio::test]
async fn twenty_invitations_of_one_address_at_once_make_one_user() {
    let it = administration().await;
    let body = json!({"email": EVE});
    let invitations = (0..20).map(|_| it.post(USERS, &body));
    let responses = futures_util::future::join_all(invitations).await;
    let created = responses.iter().filter(|it| it.status == 201).count();
    let taken = responses.iter().filter(|it| it.status == 409).count();
    assert_eq!((created, taken), (1, 19));
}
