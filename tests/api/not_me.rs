//! The link "This wasn't me" of a notice: it undoes the change, ends all sessions, and starts a reset.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_NOTICE_TOKEN, INVALID_REFRESH_TOKEN,
};
use crate::helpers::app::{App, SECRET_KEY, spawn_app};
use crate::helpers::flows::{EMAIL, NOT_ME, PASSWORD, registration_of, reset_token_in, token_in};
use crate::helpers::response::Response;

const NEW_PASSWORD: &str = "battery staple 2";
const LATEST: &str = "(SELECT max(id) FROM events)";

async fn not_me(app: &App, token: &str) -> Response {
    app.post(NOT_ME, &json!({"token": token})).await
}

/// Registers Tom and resets his password. Returns the token in the notice.
async fn notice_token(app: &App) -> String {
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let reset = app.reset_password(&token, NEW_PASSWORD).await;
    reset.assert_status(200);
    let notice = app.mail(2).await;
    assert_eq!(notice.json()["subject"], "Your Password Was Changed");
    token_in(&notice)
}

/// Makes the event of the newest notice one of another kind.
fn pretend(app: &App, action: &str, detail: &Value) {
    app.change(&format!(
        "UPDATE events SET action = '{action}', detail = '{detail}' WHERE id = {LATEST}"
    ));
}

#[tokio::test]
async fn it_ends_all_sessions_and_the_password_and_sends_a_reset_link() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    let thief = app.login(EMAIL, NEW_PASSWORD).await;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| thief.field(name));

    not_me(&app, &notice).await.assert_json(
        200,
        &json!({"message": "Your account is secured. We have sent you a link to choose a new password."}),
    );

    app.test_data(&access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    for password in [PASSWORD, NEW_PASSWORD, "void"] {
        let login = app.login(EMAIL, password).await;
        login.assert_error(&INCORRECT_CREDENTIALS);
    }
    let reset = reset_token_in(&app.mail(3).await).expect("a reset link");
    app.reset_password(&reset, "third password 3")
        .await
        .assert_status(200);
    app.login(EMAIL, "third password 3")
        .await
        .assert_status(200);
}

#[tokio::test]
async fn opening_the_link_changes_nothing() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    let opened = app.get(&format!("{NOT_ME}?token={notice}")).await;
    opened.assert_status(405);
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
    not_me(&app, &notice).await.assert_status(200);
}

#[tokio::test]
async fn it_works_once_even_in_parallel() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    let responses = join_all((0..20).map(|_| not_me(&app, &notice))).await;
    let done = responses.iter().filter(|it| it.status == 200).count();
    assert_eq!(done, 1);
    for refused in responses.iter().filter(|it| it.status != 200) {
        refused.assert_error(&INVALID_NOTICE_TOKEN);
    }
    let secured = "SELECT count(*) FROM events WHERE action = 'account.secured'";
    assert_eq!(app.value::<i64>(secured), 1);
}

#[tokio::test]
async fn it_works_for_seven_days() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.change("UPDATE events SET at = unixepoch() - 7 * 86400");
    not_me(&app, &notice)
        .await
        .assert_error(&INVALID_NOTICE_TOKEN);
    app.change("UPDATE events SET at = unixepoch() - 7 * 86400 + 60");
    not_me(&app, &notice).await.assert_status(200);
}

#[tokio::test]
async fn a_forged_token_or_one_for_another_purpose_is_refused() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.forgot_password(EMAIL).await.assert_status(202);
    let reset = token_in(&app.mail(3).await);
    let access = app.tokens_with(NEW_PASSWORD).await.access;
    let mut flipped = notice.clone();
    flipped.replace_range(10..11, if &notice[10..11] == "A" { "B" } else { "A" });
    let long = "A".repeat(100_000);
    for token in ["", "x", &reset, &access, &notice[1..], &flipped, &long] {
        not_me(&app, token)
            .await
            .assert_error(&INVALID_NOTICE_TOKEN);
    }
    for body in [json!({}), json!({"token": 7}), json!([])] {
        app.post(NOT_ME, &body).await.assert_status(422);
    }
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn it_survives_one_rotation_of_the_key() {
    let mut app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.set(
        "secret_key",
        "another secret key of the tests, 48 bytes long..",
    );
    app.restart().await;
    not_me(&app, &notice)
        .await
        .assert_error(&INVALID_NOTICE_TOKEN);
    app.set("secret_key_previous", SECRET_KEY);
    app.restart().await;
    not_me(&app, &notice).await.assert_status(200);
}

#[tokio::test]
async fn a_deleted_user_cannot_be_secured() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.change("DELETE FROM users");
    not_me(&app, &notice)
        .await
        .assert_error(&INVALID_NOTICE_TOKEN);
}

#[tokio::test]
async fn a_changed_address_is_restored_and_gets_the_reset_link() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.change("UPDATE users SET email = 'thief@example.com'");
    pretend(
        &app,
        "email.changed",
        &json!({"old": EMAIL, "new": "thief@example.com"}),
    );
    not_me(&app, &notice).await.assert_status(200);
    assert_eq!(app.value::<String>("SELECT email FROM users"), EMAIL);
    let mail = app.mail(3).await;
    assert_eq!(mail.json()["to"], json!([EMAIL]));
    assert!(reset_token_in(&mail).is_some());
}

#[tokio::test]
async fn a_changed_username_is_restored() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.change("UPDATE users SET username = 'Thief'");
    pretend(
        &app,
        "username.changed",
        &json!({"old": "Tom", "new": "Thief"}),
    );
    not_me(&app, &notice).await.assert_status(200);
    assert_eq!(app.value::<String>("SELECT username FROM users"), "Tom");
}

#[tokio::test]
async fn what_has_changed_again_or_is_taken_now_stays() {
    let app = spawn_app().await;
    let notice = notice_token(&app).await;
    app.change("UPDATE users SET email = 'later@example.com', username = 'Later'");
    for (action, old, new) in [
        ("email.changed", "first@example.com", "thief@example.com"),
        ("email.changed", "ann@example.com", "later@example.com"),
        ("username.changed", "First", "Thief"),
        ("username.changed", "ANN", "Later"),
    ] {
        let ann = registration_of("ann@example.com", "ann");
        app.register(&ann).await;
        app.database()
            .execute("DELETE FROM events WHERE action = 'account.secured'", [])
            .expect("a valid statement");
        pretend(&app, action, &json!({"old": old, "new": new}));
        not_me(&app, &notice).await.assert_status(200);
        let names: String = app.value("SELECT email || ' ' || username FROM users WHERE id = (SELECT user_id FROM events WHERE id = (SELECT min(id) FROM events WHERE action <> 'session.created'))");
        assert_eq!(names, "later@example.com Later", "{action} {old}");
    }
}
