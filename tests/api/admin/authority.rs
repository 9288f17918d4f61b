//! Who is an administrator, and when they have to log in again.

use reqwest::Method;
use serde_json::json;

use crate::helpers::admin::{ADMIN_API_KEY, ANN, USERS, administration, user_path};
use crate::helpers::api_error::{
    CROSS_SITE, FORBIDDEN, INVALID_ACCESS_TOKEN, NOT_AUTHENTICATED, REAUTHENTICATION_REQUIRED,
    TOO_MANY_REQUESTS,
};
use crate::helpers::app::{Setup, spawn_app, spawn_app_with};
use crate::helpers::cookies::{Cookies, OWN_PAGE, with_headers};
use crate::helpers::flows::{EMAIL, LOGIN, ME, PASSWORD, SESSION};
use crate::helpers::response::Response;
use crate::helpers::token::{claims, legacy_claims, signed};
use crate::legacy::{self, spawn_with_legacy_database};

const VERIFY_TOM: &str = "UPDATE users SET email_verified_at = '2026-01-01' WHERE username = 'Tom'";

#[tokio::test]
async fn only_administrators_may_list_users() {
    let it = administration().await;
    it.get(USERS).await.assert_status(200);
    let tom = it.app.access_token(EMAIL).await;
    it.app.get_as(USERS, &tom).await.assert_error(&FORBIDDEN);
    it.app
        .change("UPDATE users SET account_role = 'MODERATOR' WHERE username = 'Tom'");
    it.app.get_as(USERS, &tom).await.assert_error(&FORBIDDEN);
    it.app.get(USERS).await.assert_error(&NOT_AUTHENTICATED);
    let other = it.app.get_as(USERS, "x.y.z").await;
    other.assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_verified_address_of_the_settings_makes_an_administrator_everywhere() {
    let app = spawn_app_with("admin_emails", "root@example.com, Tom@Example.com").await;
    let tokens = app.log_tom_in().await;
    let refused = app.get_as(USERS, &tokens.access).await;
    refused.assert_error(&FORBIDDEN);
    let role = async |path| app.get_as(path, &tokens.access).await.field("account_role");
    assert_eq!(role(ME).await, "REGULAR");

    app.change(VERIFY_TOM);
    app.get_as(USERS, &tokens.access).await.assert_status(200);
    assert_eq!(role(ME).await, "ADMIN");
    assert_eq!(role(SESSION).await, "ADMIN");
    let stored: String = app.value("SELECT account_role FROM users");
    assert_eq!(stored, "REGULAR");
    let [first, refreshed] = [
        app.tokens_of_tom().await.access,
        app.refresh(&tokens.refresh).await.field("access_token"),
    ];
    for token in [first, refreshed] {
        assert_eq!(claims(&token)["role"], "ADMIN");
    }
}

#[tokio::test]
async fn who_loses_the_address_of_the_settings_is_no_administrator_any_more() {
    let mut app = spawn_app_with("admin_emails", EMAIL).await;
    let tokens = app.log_tom_in().await;
    app.change(VERIFY_TOM);
    app.get_as(USERS, &tokens.access).await.assert_status(200);
    app.change("UPDATE users SET email = 'tom@example.org'");
    let refused = app.get_as(USERS, &tokens.access).await;
    refused.assert_error(&FORBIDDEN);
    app.change("UPDATE users SET email = 'tom@example.com'");
    app.set("admin_emails", "");
    app.restart().await;
    let refused = app.get_as(USERS, &tokens.access).await;
    refused.assert_error(&FORBIDDEN);
}

#[tokio::test]
async fn a_password_reset_by_mail_makes_the_first_administrator() {
    let app = spawn_app_with("admin_emails", EMAIL).await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let response = app.reset_password(&token, "battery staple 2").await;
    response.assert_status(200);
    let tokens = app.tokens_with("battery staple 2").await;
    app.get_as(USERS, &tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn a_machine_with_the_key_administrates_and_one_with_another_does_not() {
    let it = administration().await;
    let with_key = it.app.get_as(USERS, ADMIN_API_KEY).await;
    with_key.assert_status(200);
    for wrong in [
        &ADMIN_API_KEY[1..],
        &format!("{ADMIN_API_KEY}x"),
        &ADMIN_API_KEY.to_uppercase(),
    ] {
        let response = it.app.get_as(USERS, wrong).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
    // It is no user.
    let response = it.app.get_as(ME, ADMIN_API_KEY).await;
    response.assert_error(&INVALID_ACCESS_TOKEN);
    it.disable(&it.tom_id).await.assert_status(200);
    let path = user_path(&it.tom_id, "/enable");
    let body = json!({});
    let enabled = it.app.send_as(Method::POST, &path, ADMIN_API_KEY, &body);
    enabled.await.assert_status(200);
    assert_eq!(it.newest_event_of_tom().await["actor"], "admin_api_key");
}

#[tokio::test]
async fn without_a_key_in_the_settings_no_key_is_right() {
    let app = spawn_app().await;
    for key in [ADMIN_API_KEY, "x"] {
        let response = app.get_as(USERS, key).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
    let response = app.request(Method::GET, USERS);
    let response = Response::to(response.header("authorization", "Bearer ")).await;
    response.assert_status(401);
}

#[tokio::test]
async fn guesses_at_the_key_are_throttled() {
    let setup = Setup::new().without("throttle");
    let app = setup.with("admin_api_key", ADMIN_API_KEY).spawn().await;
    app.get_as(USERS, "x").await.assert_status(401);
    app.change("UPDATE throttle SET full_at = unixepoch() + 600 WHERE key LIKE 'admin:%'");
    for key in ["x", ADMIN_API_KEY] {
        let response = app.get_as(USERS, key).await;
        response.assert_error(&TOO_MANY_REQUESTS);
        assert!(response.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn the_cookie_of_an_administrator_counts_for_changes_only_from_our_own_pages() {
    let it = administration().await;
    let form = [
        ("username", ANN),
        ("password", PASSWORD),
        ("session", "cookie"),
    ];
    let login = it.app.request(Method::POST, LOGIN).form(&form);
    let login = Response::to(with_headers(login, &OWN_PAGE)).await;
    let cookies = Cookies::of(&login);
    let path = user_path(&it.tom_id, "/disable");
    let request = |headers: &[(&'static str, &'static str)]| {
        let request = it.app.request(Method::POST, &path);
        let request = request.header("cookie", cookies.header());
        Response::to(with_headers(request, headers).json(&json!({"reason": "Spam"})))
    };
    request(&[("sec-fetch-site", "cross-site")])
        .await
        .assert_error(&CROSS_SITE);
    request(&[]).await.assert_error(&CROSS_SITE);
    request(&OWN_PAGE).await.assert_status(200);
}

#[tokio::test]
async fn what_cannot_be_undone_takes_a_recent_login_of_a_person_but_not_of_a_machine() {
    let it = administration().await;
    it.let_login_age();
    let path = user_path(&it.tom_id, "");
    let refused = it.delete(&path).await;
    refused.assert_error(&REAUTHENTICATION_REQUIRED);
    let refused = it
        .patch(&it.tom_id, &json!({"account_role": "ADMIN"}))
        .await;
    refused.assert_error(&REAUTHENTICATION_REQUIRED);
    let role: String = it
        .app
        .value("SELECT account_role FROM users WHERE username = 'Tom'");
    assert_eq!(role, "REGULAR");
    // What can be undone goes on.
    let plan = json!({"account_role": "REGULAR", "account_subscription": "PRO"});
    it.patch(&it.tom_id, &plan).await.assert_status(200);
    it.disable(&it.tom_id).await.assert_status(200);
    let deleted = it.app.delete_as(&path, ADMIN_API_KEY).await;
    deleted.assert_status(204);
}

#[tokio::test]
async fn a_login_again_is_recent_enough() {
    let it = administration().await;
    it.let_login_age();
    let ann = it.app.access_token(ANN).await;
    let path = user_path(&it.tom_id, "");
    it.app.delete_as(&path, &ann).await.assert_status(204);
}

#[tokio::test]
async fn a_disabled_or_deleted_administrator_is_out_at_once() {
    let it = administration().await;
    it.app
        .change("UPDATE users SET disabled_at = unixepoch() WHERE username = 'ann'");
    it.get(USERS).await.assert_error(&INVALID_ACCESS_TOKEN);
    it.app
        .change("UPDATE users SET disabled_at = NULL WHERE username = 'ann'");
    it.get(USERS).await.assert_status(200);
    it.app.change("DELETE FROM users WHERE username = 'ann'");
    it.get(USERS).await.assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_legacy_token_has_to_be_refreshed_into_a_session_first() {
    let app = spawn_with_legacy_database().await;
    app.change("UPDATE users SET account_role = 'ADMIN'");
    let token = signed(&legacy_claims(legacy::USER));
    app.test_data(&token).await.assert_status(200);
    let response = app.get_as(USERS, &token).await;
    response.assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_key_that_is_short_or_no_token_and_an_address_that_is_none_are_refused() {
    for (variable, value) in [
        ("admin_api_key", "short"),
        ("admin_api_key", "thirty-two characters with spaces!"),
        ("admin_emails", "ann@example.com, nobody"),
        ("admin_emails", "Ann <ann@example.com>"),
    ] {
        let app = spawn_app_with(variable, value).await;
        let ready = app.get("/health/ready").await;
        assert_eq!(ready.status, 503, "{variable}={value}");
        app.get("/").await.assert_status(500);
    }
}
