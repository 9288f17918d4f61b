//! A user's own change of the password.

use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::{
    CROSS_SITE, INCORRECT_CREDENTIALS, INCORRECT_PASSWORD, INVALID_ACCESS_TOKEN,
    INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN, NOT_AUTHENTICATED, TOO_MANY_REQUESTS,
};
use crate::helpers::app::{Setup, spawn_app};
use crate::helpers::cookies::{Cookies, set_cookies};
use crate::helpers::flows::{CHANGE_PASSWORD, EMAIL, PASSWORD, Tokens, WRONG};
use crate::helpers::response::Response;
use crate::helpers::tally::rounds;
use crate::helpers::token::{legacy_claims, signed};
use crate::helpers::validation::{broken_rule, missing, secret};
use crate::legacy::{self, spawn_with_legacy_database};
use crate::security::account_races;

const NEW_PASSWORD: &str = "battery staple 2";

#[tokio::test]
async fn the_session_goes_on_with_new_tokens_and_all_others_end() {
    let app = spawn_app().await;
    let other = app.log_tom_in().await;
    let old = app.tokens_of_tom().await;
    let response = app
        .change_password(&old.access, PASSWORD, NEW_PASSWORD)
        .await;
    let new = Tokens::of(&response);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert!(set_cookies(&response).is_empty());
    for tokens in [&old, &other] {
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        app.refresh(&tokens.refresh)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    app.test_data(&new.access).await.assert_status(200);
    let next = Tokens::of(&app.refresh(&new.refresh).await);
    app.test_data(&next.access).await.assert_status(200);
    assert_eq!(app.count("sessions"), 1);
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn the_owner_is_told_and_can_secure_the_account() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let response = app
        .change_password(&tokens.access, PASSWORD, NEW_PASSWORD)
        .await;
    let tokens = Tokens::of(&response);
    let mail = app.mail(1).await.json();
    assert_eq!(mail["subject"], "Your Password Was Changed");
    assert_eq!(mail["to"], json!([EMAIL]));
    app.disown(1).await.assert_status(200);
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.login(EMAIL, NEW_PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    assert_eq!(
        app.actions_of_tom(),
        ["session.created", "password.changed", "account.secured"]
    );
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for wrong in [
        WRONG,
        "",
        "correct horse 1 ",
        "CORRECT HORSE 1",
        &"x".repeat(100_000),
    ] {
        let response = app
            .change_password(&tokens.access, wrong, NEW_PASSWORD)
            .await;
        response.assert_error(&INCORRECT_PASSWORD);
    }
    app.test_data(&tokens.access).await.assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    assert_eq!(app.mail_provider.received().len(), 0);
    assert_eq!(app.count("events WHERE action = 'password.changed'"), 0);
}

#[tokio::test]
async fn wrong_current_passwords_count_as_failed_logins() {
    let app = Setup::new().with("throttle", "on").spawn().await;
    let tokens = app.log_tom_in().await;
    for _ in 0..9 {
        let response = app
            .change_password(&tokens.access, WRONG, NEW_PASSWORD)
            .await;
        response.assert_error(&INCORRECT_PASSWORD);
    }
    app.login(EMAIL, WRONG)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    for response in [
        app.login(EMAIL, PASSWORD).await,
        app.change_password(&tokens.access, PASSWORD, NEW_PASSWORD)
            .await,
    ] {
        assert_eq!(response.json(), TOO_MANY_REQUESTS.body());
    }
    app.test_data(&tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn the_rules_of_the_new_password_are_those_of_a_registration() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let rule = "Password must be at least 6 characters long";
    let response = app.change_password(&tokens.access, PASSWORD, "a1").await;
    response.assert_invalid(&[secret(broken_rule("new_password", rule, json!("a1")))]);
    let response = app
        .send_as(Method::POST, CHANGE_PASSWORD, &tokens.access, &json!({}))
        .await;
    response.assert_invalid(&[
        missing("current_password", json!({})),
        missing("new_password", json!({})),
    ]);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn pending_reset_links_end() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let link = app.reset_token(1).await;
    let response = app
        .change_password(&tokens.access, PASSWORD, NEW_PASSWORD)
        .await;
    response.assert_status(200);
    app.reset_password(&link, "third password 3")
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn a_session_in_cookies_stays_in_cookies() {
    let app = spawn_app().await;
    let old = app.log_tom_into_cookies().await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let response = app
        .post_with(CHANGE_PASSWORD, &old.header(), Some(&body))
        .await;
    let new = Cookies::of(&response);
    assert!(!response.text.contains("token"), "{}", response.text);
    app.refresh_with(&old.header())
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.refresh_with(&new.header()).await.assert_status(200);
}

#[tokio::test]
async fn a_client_can_move_its_session_into_cookies() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let body = json!({
        "current_password": PASSWORD,
        "new_password": NEW_PASSWORD,
        "session": "cookie",
    });
    let request = app
        .request(Method::POST, CHANGE_PASSWORD)
        .bearer_auth(&tokens.access);
    let request = request.json(&body);
    let foreign = request.try_clone().expect("a request in memory");
    Response::to(foreign).await.assert_error(&CROSS_SITE);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    let own = request.header("sec-fetch-site", "same-origin");
    Cookies::of(&Response::to(own).await);
}

#[tokio::test]
async fn other_sites_and_strangers_are_refused() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await.header();
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let request = || app.request(Method::POST, CHANGE_PASSWORD).json(&body);
    Response::to(request())
        .await
        .assert_error(&NOT_AUTHENTICATED);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = request().header("cookie", &cookies).header(name, value);
        Response::to(request).await.assert_error(&CROSS_SITE);
    }
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn tokens_of_the_legacy_service_end_and_their_user_gets_a_session() {
    let app = spawn_with_legacy_database().await;
    let legacy_access = signed(&legacy_claims(legacy::USER));
    let response = app
        .change_password(&legacy_access, PASSWORD, NEW_PASSWORD)
        .await;
    let tokens = Tokens::of(&response);
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh("eyJ.alive.1")
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.test_data(&legacy_access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn no_session_from_an_old_password_survives_requests_at_the_same_time() {
    account_races::change_and_sessions_of_the_old_password(rounds())
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn of_changes_and_a_reset_at_the_same_time_only_one_password_works() {
    account_races::changes_and_reset_of_a_password(rounds() / 2)
        .await
        .assert_no_failures();
}
