//! A user's own sessions: the list, and their end.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::api_error::{
    CROSS_SITE, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, NOT_AUTHENTICATED, NOT_FOUND,
};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::cookies::{OWN_PAGE, with_headers};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, SESSIONS, Tokens, registration_of};
use crate::helpers::response::Response;
use crate::helpers::token::{legacy_claims, signed};
use crate::legacy::{self, spawn_with_legacy_database};

/// Logs Tom in with a browser.
async fn log_in_with(app: &App, user_agent: &str) -> Tokens {
    let request = app.request(Method::POST, LOGIN);
    let request = request.form(&[("username", EMAIL), ("password", PASSWORD)]);
    Tokens::of(&Response::to(request.header("user-agent", user_agent)).await)
}

async fn sessions(app: &App, tokens: &Tokens) -> Vec<Value> {
    let response = app.get_as(SESSIONS, &tokens.access).await;
    response.assert_status(200);
    response.json().as_array().expect("a list").clone()
}

/// The id of the session of these tokens.
async fn id(app: &App, tokens: &Tokens) -> String {
    let sessions = sessions(app, tokens).await;
    let mut current = sessions.iter().filter(|session| session["current"] == true);
    let id = current.next().expect("a current session")["id"].clone();
    assert_eq!(current.next(), None);
    id.as_str().expect("an id").to_owned()
}

fn path(id: &str) -> String {
    format!("{SESSIONS}/{id}")
}

#[tokio::test]
async fn the_list_has_what_the_user_recognises_and_nothing_of_others() {
    let app = Setup::new().with("session_ip", "prefix").spawn().await;
    app.register_tom().await;
    let eve = registration_of("eve@example.com", "eve");
    app.register(&eve).await.assert_status(201);
    app.login("eve", PASSWORD).await.assert_status(200);
    log_in_with(&app, "Phone 1").await;
    app.change("UPDATE sessions SET created_at = created_at - 60, rotated_at = rotated_at - 60");
    let laptop = log_in_with(&app, "Laptop 2").await;
    let sessions = sessions(&app, &laptop).await;
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let [newest, oldest] = [&sessions[0], &sessions[1]];
    assert_eq!(newest["user_agent"], "Laptop 2");
    assert_eq!(newest["current"], true);
    assert_eq!(newest["method"], "password");
    assert_eq!(newest["ip_prefix"], "127.0.0.0/24");
    assert_eq!(oldest["user_agent"], "Phone 1");
    assert_eq!(oldest["current"], false);
    assert!(oldest["last_used_at"].as_str() < newest["created_at"].as_str());
}

#[tokio::test]
async fn the_list_has_no_network_unless_the_settings_keep_it_and_no_expired_session() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.tokens_of_tom().await;
    app.change("UPDATE sessions SET expires_at = 1");
    let tokens = app.tokens_of_tom().await;
    let sessions = sessions(&app, &tokens).await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0]["ip_prefix"], Value::Null);
}

#[tokio::test]
async fn a_revoked_session_ends_at_once_and_the_others_go_on() {
    let app = spawn_app().await;
    let phone = app.log_tom_in().await;
    let laptop = app.tokens_of_tom().await;
    let tv = app.tokens_of_tom().await;
    let phones = path(&id(&app, &phone).await);
    app.delete_as(&phones, &laptop.access)
        .await
        .assert_status(204);
    app.test_data(&phone.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&phone.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    for tokens in [&laptop, &tv] {
        app.test_data(&tokens.access).await.assert_status(200);
        app.refresh(&tokens.refresh).await.assert_status(200);
    }
    app.delete_as(&phones, &laptop.access)
        .await
        .assert_error(&NOT_FOUND);
    let logins = ["session.created"; 3].map(str::to_owned);
    let mut expected = logins.to_vec();
    expected.push("session.revoked".into());
    assert_eq!(app.actions_of_tom(), expected);
}

#[tokio::test]
async fn the_current_session_can_be_revoked() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let own = path(&id(&app, &tokens).await);
    app.delete_as(&own, &tokens.access).await.assert_status(204);
    app.delete_as(&own, &tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn no_user_ends_a_session_of_another_or_learns_that_it_exists() {
    let app = spawn_app().await;
    let tom = app.log_tom_in().await;
    let eve = registration_of("eve@example.com", "eve");
    app.register(&eve).await.assert_status(201);
    let eve = Tokens::of(&app.login("eve", PASSWORD).await);
    let toms = id(&app, &tom).await;
    let unknown = Uuid::from_u128(1).to_string();
    for id in [
        &toms,
        &toms.to_uppercase(),
        &unknown,
        "x",
        "%00",
        "..%2f..",
        "' OR 1=1",
    ] {
        let response = app.delete_as(&path(id), &eve.access).await;
        response.assert_error(&NOT_FOUND);
    }
    app.test_data(&tom.access).await.assert_status(200);
    app.delete_as(SESSIONS, &eve.access)
        .await
        .assert_status(204);
    app.test_data(&tom.access).await.assert_status(200);
    assert_eq!(app.actions_of_tom(), ["session.created"]);
}

#[tokio::test]
async fn all_other_sessions_end_together_with_an_event_for_each() {
    let app = spawn_app().await;
    let mut others = vec![app.log_tom_in().await];
    for _ in 0..4 {
        others.push(app.tokens_of_tom().await);
    }
    let kept = app.tokens_of_tom().await;
    let response = app.delete_as(SESSIONS, &kept.access).await;
    response.assert_status(204);
    for tokens in &others {
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        app.refresh(&tokens.refresh)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    app.test_data(&kept.access).await.assert_status(200);
    app.refresh(&kept.refresh).await.assert_status(200);
    let revoked = "SELECT count(DISTINCT json_extract(detail, '$.session_id')) FROM events \
                   WHERE action = 'session.revoked'";
    assert_eq!(app.value::<i64>(revoked), 5);
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn tokens_of_the_legacy_service_end_with_all_other_sessions() {
    let app = spawn_with_legacy_database().await;
    let legacy_access = signed(&legacy_claims(legacy::USER));
    app.test_data(&legacy_access).await.assert_status(200);
    let tokens = app.tokens_of_tom().await;
    app.delete_as(SESSIONS, &tokens.access)
        .await
        .assert_status(204);
    app.refresh("eyJ.alive.1")
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.test_data(&legacy_access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.test_data(&tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn sessions_are_only_for_their_user() {
    let app = spawn_app().await;
    app.get(SESSIONS).await.assert_error(&NOT_AUTHENTICATED);
    for path in [SESSIONS.to_owned(), path(&Uuid::from_u128(1).to_string())] {
        let response = Response::to(app.request(Method::DELETE, &path)).await;
        response.assert_error(&NOT_AUTHENTICATED);
        let response = app.delete_as(&path, "a.b.c").await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn a_cookie_ends_sessions_only_from_an_own_page() {
    let app = spawn_app().await;
    let other = app.log_tom_in().await;
    let cookies = app.cookies_of_tom().await;
    let others = path(&id(&app, &other).await);
    for path in [SESSIONS, &others] {
        let request = || {
            app.request(Method::DELETE, path)
                .header("cookie", cookies.header())
        };
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[],
        ] {
            let response = Response::to(with_headers(request(), headers)).await;
            response.assert_error(&CROSS_SITE);
        }
    }
    app.test_data(&other.access).await.assert_status(200);
    let request = app.request(Method::DELETE, SESSIONS);
    let request = with_headers(request.header("cookie", cookies.header()), &OWN_PAGE);
    Response::to(request).await.assert_status(204);
    app.test_data(&other.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_reused_refresh_token_leaves_an_event_of_the_service() {
    let app = spawn_app().await;
    let used = app.log_tom_in().await.refresh;
    app.refresh(&used).await.assert_status(200);
    app.change("UPDATE sessions SET rotated_at = rotated_at - 60");
    for _ in 0..2 {
        app.refresh(&used)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    assert_eq!(app.actions_of_tom(), ["session.created", "session.revoked"]);
    let detail: String = app.value("SELECT detail FROM events WHERE action = 'session.revoked'");
    let detail: Value = serde_json::from_str(&detail).expect("JSON");
    assert_eq!(detail["reason"], json!("refresh token reused"));
    let actor: String = app.value("SELECT actor FROM events WHERE action = 'session.revoked'");
    assert_eq!(actor, "system");
}

#[tokio::test]
async fn a_refresh_never_survives_a_revocation_at_the_same_time() {
    let app = spawn_app().await;
    app.register_tom().await;
    let keeper = app.tokens_of_tom().await;
    for _ in 0..20 {
        let tokens = app.tokens_of_tom().await;
        let revoke = app.delete_as(SESSIONS, &keeper.access);
        let (revoked, refreshed) = tokio::join!(revoke, app.refresh(&tokens.refresh));
        revoked.assert_status(204);
        if refreshed.status == 200 {
            let tokens = Tokens::of(&refreshed);
            let response = app.test_data(&tokens.access).await;
            response.assert_error(&INVALID_ACCESS_TOKEN);
        }
        assert_eq!(app.count("sessions"), 1);
    }
}
