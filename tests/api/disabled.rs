//! A disabled user loses all access at once, but no data.

use reqwest::Method;

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN,
};
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, ME, PASSWORD, USERNAME, registration_of};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};
use crate::helpers::token::{legacy_claims, signed};
use crate::legacy::{self, spawn_with_legacy_database};

const NEW_PASSWORD: &str = "battery staple 2";
const ANN: &str = "ann@example.com";

fn disable_tom(app: &App) {
    app.change("UPDATE users SET disabled_at = unixepoch() WHERE username = 'Tom'");
}

fn enable_tom(app: &App) {
    app.change("UPDATE users SET disabled_at = NULL WHERE username = 'Tom'");
}

async fn me(app: &App, access_token: &str) -> Response {
    Response::to(app.request(Method::GET, ME).bearer_auth(access_token)).await
}

#[tokio::test]
async fn a_disabled_users_login_fails_like_one_with_a_wrong_password() {
    let app = spawn_app().await;
    app.register_tom().await;
    disable_tom(&app);
    for username in [EMAIL, USERNAME] {
        for password in [PASSWORD, "wrong password 1"] {
            let response = app.login(username, password).await;
            response.assert_error(&INCORRECT_CREDENTIALS);
        }
    }
    assert_eq!(app.count("sessions"), 0);
    enable_tom(&app);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn a_disabled_users_sessions_are_suspended_until_the_user_is_enabled() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    disable_tom(&app);
    for response in [
        app.test_data(&tokens.access).await,
        me(&app, &tokens.access).await,
    ] {
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    enable_tom(&app);
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh(&tokens.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_disabled_user_cannot_retry_a_refresh() {
    let app = spawn_app().await;
    let used = app.log_tom_in().await.refresh;
    app.refresh(&used).await.assert_status(200);
    disable_tom(&app);
    app.refresh(&used)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_disabled_user_can_still_log_out() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    disable_tom(&app);
    app.logout(&tokens.refresh).await.assert_status(204);
    enable_tom(&app);
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn no_reset_link_is_sent_to_a_disabled_user() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration_of(ANN, "ann"))
        .await
        .assert_status(201);
    disable_tom(&app);
    app.forgot_password(EMAIL).await.assert_status(202);
    assert_eq!(app.count("password_reset_tokens"), 0);
    assert_eq!(app.count("outbox"), 0);
    app.forgot_password(ANN).await.assert_status(202);
    assert_eq!(app.mail(1).await.json()["to"][0], ANN);
}

#[tokio::test]
async fn a_pending_link_is_given_up_when_its_user_is_disabled() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await;
    let put_off = async || {
        let waits = "SELECT count(*) FROM outbox WHERE attempts = 1 AND due_at > unixepoch()";
        (app.value::<i64>(waits) == 1).then_some(())
    };
    eventually("the mail is deferred", SOON, put_off).await;
    disable_tom(&app);
    let given_up = async || {
        // Again each time: the result of the first attempt may only now be recorded.
        let due = app.database().execute("UPDATE outbox SET due_at = 0", []);
        due.expect("a valid statement");
        app.forgot_password(ANN).await.assert_status(202);
        (app.count("outbox") == 0).then_some(())
    };
    eventually("the mail is given up", SOON, given_up).await;
    assert_eq!(app.mail_provider.received().len(), 1);
}

#[tokio::test]
async fn a_reset_link_is_invalid_while_its_user_is_disabled() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    disable_tom(&app);
    app.forgot_password(EMAIL).await.assert_status(202);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    enable_tom(&app);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn legacy_tokens_are_suspended_while_their_user_is_disabled() {
    let app = spawn_with_legacy_database().await;
    let access_token = signed(&legacy_claims(legacy::USER));
    app.test_data(&access_token).await.assert_status(200);
    disable_tom(&app);
    app.test_data(&access_token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh("eyJ.alive.1")
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    enable_tom(&app);
    app.test_data(&access_token).await.assert_status(200);
    app.refresh("eyJ.alive.1").await.assert_status(200);
}
